package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// pairIn writes a certificate and its key, which are good for these hosts.
func pairIn(t *testing.T, dir string, hosts ...string) (cert, key string) {
	t.Helper()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	text, err := newTLSKey()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(key, text, 0o600))
	s := selfSigned{cert: cert, key: text, hosts: hosts, now: time.Now}
	made, err := s.make(time.Now())
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(cert, made, 0o600))
	return cert, key
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return text
}

func TestCertificateIsReplaced(t *testing.T) {
	dir := t.TempDir()
	cert, key := pairIn(t, dir, "first")
	var log bytes.Buffer
	c := &certificate{cert: cert, key: key, log: slog.New(slog.NewTextHandler(&log, nil))}
	require.NoError(t, c.open(t.Context()))
	shown := func() string {
		pair, err := c.config().GetCertificate(nil)
		require.NoError(t, err)
		return pair.Leaf.DNSNames[0]
	}
	looks := func(n int) {
		for range n {
			c.look(t.Context())
		}
	}
	looks(3)
	require.Equal(t, "first", shown())

	other := t.TempDir()
	newCert, newKey := pairIn(t, other, "second")
	require.NoError(t, os.Rename(newCert, cert))
	looks(1)
	require.NotContains(t, log.String(), "ERROR", "the other half may follow at once")
	looks(3)
	require.Equal(t, "first", shown())
	require.Equal(t, 1, strings.Count(log.String(), "ERROR"), "half of a pair is told once")
	require.NoError(t, os.Rename(newKey, key))
	looks(1)
	require.Equal(t, "first", shown())
	looks(1)
	require.Equal(t, "second", shown())

	whole := read(t, cert)
	require.NoError(t, os.WriteFile(cert, whole[:len(whole)/2], 0o600))
	looks(3)
	require.NoError(t, os.Remove(cert))
	looks(3)
	require.Equal(t, "second", shown())
	require.Equal(t, 3, strings.Count(log.String(), "certificate kept as it was"))
	require.NoError(t, os.WriteFile(cert, whole, 0o600))
	looks(3)
	require.Equal(t, "second", shown())
	require.Equal(t, 2, strings.Count(log.String(), `msg="certificate replaced"`))
	require.NotContains(t, log.String(), "PRIVATE")
}

func TestCertificatesThatAreRefused(t *testing.T) {
	cert, key := pairIn(t, t.TempDir(), "localhost")
	_, otherKey := pairIn(t, t.TempDir(), "localhost")
	for name, args := range map[string][]string{
		"no such file":                                  {"-tls-cert", cert, "-tls-key", key + ".none"},
		"private key does not match public key":         {"-tls-cert", cert, "-tls-key", otherKey},
		"TOCSIN_TLS_CERT and TOCSIN_TLS_KEY belong":     {"-tls-cert", cert},
		"TOCSIN_TLS_KEY belong together":                {"-tls-key", key},
		"TOCSIN_TLS_SELF_SIGNED makes a certificate of": {"-tls-self-signed", "-tls-cert", cert, "-tls-key", key},
		"is no regular file":                            {"-tls-cert", os.DevNull, "-tls-key", key},
	} {
		s := parsed(t, append([]string{"-addr", "127.0.0.1:0", "-data", t.TempDir()}, args...)...).settings
		_, err := openHouse(t.Context(), s, slog.New(slog.DiscardHandler))
		require.ErrorContains(t, err, name)
	}
}

// trusting is a client that trusts the certificates of a file alone.
func trusting(t *testing.T, file string) *http.Client {
	t.Helper()
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(read(t, file)))
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func TestServeOverTLS(t *testing.T) {
	cert, key := pairIn(t, t.TempDir(), "127.0.0.1")
	h := serveQuiet(t, "-tls-cert", cert, "-tls-key", key)
	address := h.listener.Addr().String()
	require.Equal(t, "https://"+address, h.settings.PublicURL)
	resp, err := trusting(t, cert).Get(h.settings.PublicURL + "/healthz")
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Equal(t, 2, resp.ProtoMajor)
	require.GreaterOrEqual(t, resp.TLS.Version, uint16(tls.VersionTLS12))

	_, err = (&tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}}).DialContext(t.Context(), "tcp", address)
	require.ErrorContains(t, err, "protocol version")
	status, _ := get(t, "http://"+address+"/healthz", nil)
	require.Equal(t, http.StatusBadRequest, status, "what is not TLS")
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"status", "-data", h.settings.data}, &out))

	// Those who are connected stay so; who comes now sees the new one.
	dir := t.TempDir()
	newCert, newKey := pairIn(t, dir, "127.0.0.1")
	client := trusting(t, newCert)
	require.NoError(t, os.Rename(newKey, key))
	require.NoError(t, os.Rename(newCert, cert))
	eventually(t, "the new certificate", func() bool {
		resp, err := client.Get(h.settings.PublicURL + "/healthz")
		if err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
		return err == nil
	})
}

func TestServeSelfSigned(t *testing.T) {
	data := t.TempDir()
	cert := filepath.Join(data, "secrets", "tls.crt")
	var log bytes.Buffer
	h := openQuiet(t, &log, "-data", data, "-tls-self-signed", "-public-url", "https://Notify.example.com:8443")
	require.NoError(t, h.close())
	first := read(t, cert)
	leaf := h.certificate.current.Load().Leaf
	for _, host := range []string{"localhost", "127.0.0.1", "::1", "notify.example.com"} {
		require.NoError(t, leaf.VerifyHostname(host))
	}
	require.Less(t, leaf.NotAfter.Sub(leaf.NotBefore), 825*24*time.Hour)
	require.Contains(t, log.String(), `"file":"`+cert+`"`)
	require.Contains(t, log.String(), `"sha256":"`+fingerprint(leaf.Raw)+`"`)
	require.Regexp(t, "^([0-9A-F]{2}:){31}[0-9A-F]{2}$", fingerprint(leaf.Raw))
	require.NotContains(t, log.String(), "PRIVATE")

	h = serveQuiet(t, "-data", data, "-tls-self-signed", "-public-url", "https://notify.example.com:8443")
	require.Equal(t, first, read(t, cert), "it is kept")
	_, port, err := net.SplitHostPort(h.listener.Addr().String())
	require.NoError(t, err)
	resp, err := trusting(t, cert).Get("https://localhost:" + port + "/healthz")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
	for _, name := range []string{"tls.crt", "tls.key"} {
		info, err := os.Stat(filepath.Join(data, "secrets", name))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
}

func TestSelfSignedIsMadeAgain(t *testing.T) {
	dir := t.TempDir()
	cert, keyFile := pairIn(t, dir, "localhost")
	key := read(t, keyFile)
	now := time.Now()
	again := func(hosts ...string) bool {
		t.Helper()
		before := read(t, cert)
		s := &selfSigned{cert: cert, key: key, hosts: hosts, now: func() time.Time { return now }}
		require.NoError(t, s.keep())
		made := read(t, cert)
		pair, err := tls.X509KeyPair(made, key)
		require.NoError(t, err)
		require.True(t, s.serves(pair.Leaf, now))
		return !bytes.Equal(before, made)
	}
	require.False(t, again("localhost"))
	require.True(t, again("localhost", "::1"), "another host")
	require.False(t, again("localhost"), "fewer hosts")
	now = now.Add(selfSignedFor - renewBefore - time.Hour)
	require.False(t, again("localhost"))
	now = now.Add(2 * time.Hour)
	require.True(t, again("localhost"), "it ends soon")
	now = now.Add(-3 * selfSignedFor)
	require.True(t, again("localhost"), "the clock was set back: it is not valid yet")
	require.NoError(t, os.WriteFile(cert, []byte("half"), 0o600))
	require.True(t, again("localhost"))
	_, other := pairIn(t, t.TempDir(), "localhost")
	key = read(t, other)
	s := &selfSigned{cert: cert, key: key, hosts: []string{"localhost"}, now: func() time.Time { return now }}
	require.NoError(t, s.keep(), "another key")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 2)

	s = &selfSigned{cert: filepath.Join(dir, "none", "cert.pem"), key: key, hosts: []string{"localhost"}, now: time.Now}
	require.ErrorContains(t, s.keep(), "make certificate")
	require.Zero(t, s.checked, "it tries again")
}
