package main

import (
	"crypto/tls"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/post"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

func TestOwnAuthority(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	roots, err := readRoots(file)
	require.NoError(t, err)
	poster := post.New(post.Config{AllowPrivate: true, Writer: true, RootCAs: roots})
	defer poster.Close()
	for range 2 { // the second by our own writer
		o := poster.Post(t.Context(), post.Request{Endpoint: server.URL})
		require.Equal(t, deliver.Outcome{Result: deliver.Delivered, Status: 200}, o)
	}

	roots, err = readRoots("")
	require.NoError(t, err)
	require.Nil(t, roots)
	_, err = readRoots(file + ".missing")
	require.ErrorContains(t, err, "TOCSIN_CA_FILE")
	require.NoError(t, os.WriteFile(file, []byte("secret"), 0o600))
	_, err = readRoots(file)
	require.ErrorContains(t, err, "TOCSIN_CA_FILE")
	require.NotContains(t, err.Error(), "secret")
}

// TestOwnAuthorityOfGateways: a mail server and an SMS gateway may be trusted by it, too.
func TestOwnAuthorityOfGateways(t *testing.T) {
	gateway := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer gateway.Close()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: gateway.TLS.Certificates, MinVersion: tls.VersionTLS12})
	require.NoError(t, err)
	box := serveMailbox(t, listener)
	t.Setenv("TOCSIN_SMTP_URL", "smtps://"+listener.Addr().String())
	t.Setenv("TOCSIN_MAIL_FROM", "notify@example.com")
	t.Setenv("TOCSIN_SMS_URL", gateway.URL)

	send := func(p smn.Protocol, endpoint string) deliver.Outcome {
		h := &house{settings: parsed(t).settings}
		require.NoError(t, h.settings.complete(listener.Addr()))
		defer func() { require.NoError(t, h.close()) }()
		senders, _ := h.senders()
		return senders[p].Send(t.Context(), deliver.Delivery{
			Type: wire.TypeNotification, MessageID: "1", TopicURN: "urn:smn:local:0:alerts", Protocol: p, Endpoint: endpoint, Subject: "Disk", Text: "full",
		})
	}
	require.Equal(t, deliver.Again, send(smn.Email, "ann@example.org").Result)
	require.Equal(t, deliver.Again, send(smn.SMS, "+4915112345678").Result)

	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: gateway.Certificate().Raw}), 0o600))
	t.Setenv("TOCSIN_CA_FILE", file)
	require.Equal(t, deliver.Delivered, send(smn.Email, "ann@example.org").Result)
	box.next(t, "Disk")
	require.Equal(t, deliver.Delivered, send(smn.SMS, "+4915112345678").Result)
}

func TestProxySetting(t *testing.T) {
	none, err := readProxy("")
	require.NoError(t, err)
	require.Nil(t, none)
	for _, good := range []string{"http://proxy.example.com:3128", "https://me:secret@proxy.example.com/", "http://127.0.0.1:1"} {
		u, err := readProxy(good)
		require.NoError(t, err)
		require.Equal(t, good, u.String())
	}
	for _, bad := range []string{"secret", "secret:3128", "socks5://secret:1", "http://", "http://secret/path", "http://secret?a", "http://a:secret@%zz", "http://secret#a"} {
		_, err := readProxy(bad)
		require.ErrorContains(t, err, "TOCSIN_PROXY", bad)
		require.NotContains(t, err.Error(), "secret")
	}
}
