package main

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/post"
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
