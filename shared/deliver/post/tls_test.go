package post

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
)

// A test's certificate is in no system pool, so this test has to reach inside.
func TestTrustedCertificate(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 1 {
			w.WriteHeader(http.StatusHTTPVersionNotSupported)
		}
	}))
	defer server.Close()
	s := New(Config{AllowPrivate: true})
	defer s.Close()
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	s.transport.TLSClientConfig = &tls.Config{RootCAs: pool}
	o := s.Post(t.Context(), Request{Endpoint: server.URL})
	require.Equal(t, deliver.Outcome{Result: deliver.Delivered, Status: 200}, o)
}
