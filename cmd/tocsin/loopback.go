package main

import (
	"net"
	"net/http"
	"net/netip"
)

// localOnly shows a page to this machine only.
func localOnly(page http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !fromLoopback(r) {
			http.Error(w, "this page is shown to this machine only", http.StatusForbidden)
			return
		}
		page.ServeHTTP(w, r)
	})
}

// fromLoopback says whether a request comes from this machine and means it: a
// web page in the owner's browser could send one too, under a name of its own. Who
// comes through the socket has entered the data folder.
func fromLoopback(r *http.Request) bool {
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok && local.Network() == "unix" {
		return true
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() {
		return false
	}
	// Some proxies add a line of their own behind what came, which may be an empty one.
	for _, name := range []string{"X-Forwarded-For", "Forwarded"} {
		if len(r.Header.Values(name)) > 0 {
			return false
		}
	}
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	if host == "localhost" {
		return true
	}
	named, err := netip.ParseAddr(host)
	return err == nil && named.IsLoopback()
}
