package main

import (
	"net"
	"net/http"
	"net/netip"
)

// fromLoopback says whether a request comes from this machine and means it: a
// web page in the owner's browser could send one too, under a name of its own.
func fromLoopback(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() || r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "" {
		return false
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
