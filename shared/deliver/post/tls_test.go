package post_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/post"
)

// authority issues certificates that no system trusts.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	pool *x509.CertPool
}

// certificate is what is asked of an authority.
type certificate struct {
	names []string
	until time.Time // zero: for a while
}

func newAuthority(t *testing.T) authority {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return authority{key: key, cert: cert, pool: pool}
}

func (a authority) issue(t *testing.T, c certificate) tls.Certificate {
	if c.until.IsZero() {
		c.until = time.Now().Add(time.Hour)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(2), NotAfter: c.until}
	for _, name := range c.names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// serve starts a receiver with a certificate and returns its URL.
func (a authority) serve(t *testing.T, cert tls.Certificate, http2 bool, h http.HandlerFunc) string {
	if h == nil {
		h = func(http.ResponseWriter, *http.Request) {}
	}
	server := httptest.NewUnstartedServer(h)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	server.EnableHTTP2 = http2
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL
}

func certificates(t *testing.T, w way) {
	ca, other := newAuthority(t), newAuthority(t)
	loopback := []string{"127.0.0.1", "localhost"}
	good := ca.serve(t, ca.issue(t, certificate{names: loopback}), false, nil)
	for name, c := range map[string]struct {
		url    string
		trust  *x509.CertPool
		reason string
	}{
		"own authority": {good, ca.pool, ""},
		"own, by name":  {strings.Replace(good, "127.0.0.1", "localhost", 1), ca.pool, ""},
		"system only":   {good, nil, "the certificate's issuer is not trusted"},
		"other":         {good, other.pool, "the certificate's issuer is not trusted"},
		"wrong host":    {ca.serve(t, ca.issue(t, certificate{names: []string{"elsewhere.example"}}), false, nil), ca.pool, "the certificate is for another host"},
		"expired":       {ca.serve(t, ca.issue(t, certificate{names: loopback, until: time.Now().Add(-time.Hour)}), false, nil), ca.pool, "the certificate has expired or is not valid yet"},
	} {
		t.Run(name, func(t *testing.T) {
			p := w.local(t, post.Config{RootCAs: c.trust})
			for range 3 {
				o := p.Post(t.Context(), request(c.url))
				if c.reason == "" {
					require.Equal(t, deliver.Outcome{Result: deliver.Delivered, Status: 200}, o)
				} else {
					require.Equal(t, deliver.Outcome{Result: deliver.Again, Reason: c.reason}, o)
				}
			}
		})
	}
}

// http2: who offers it gets it, but by the bare writer, which does not know it.
func http2(t *testing.T, w way) {
	ca := newAuthority(t)
	var proto atomic.Value
	h := func(w http.ResponseWriter, r *http.Request) {
		proto.Store(r.Proto)
		_, _ = io.Copy(w, r.Body)
	}
	two := ca.serve(t, ca.issue(t, certificate{names: []string{"127.0.0.1"}}), true, h)
	one := ca.serve(t, ca.issue(t, certificate{names: []string{"127.0.0.1"}}), false, h)
	p := w.local(t, post.Config{RootCAs: ca.pool})
	for url, want := range map[string]string{two: "HTTP/2.0", one: "HTTP/1.1"} {
		if w.isBare {
			want = "HTTP/1.1"
		}
		for range 3 {
			r := request(url)
			r.Header = post.Header{{Name: "X-Team", Value: "ops"}}
			r.Tail = []byte("\n")
			o, body := p.Ask(t.Context(), r)
			require.Equal(t, deliver.Outcome{Result: deliver.Delivered, Status: 200}, o)
			require.Equal(t, string(r.Body)+"\n", string(body))
			require.Equal(t, want, proto.Load())
		}
	}
}

// Attempts that hang do not hold up others of the same host, however many share a
// connection.
func http2ThatHangs(t *testing.T, w way) {
	const hanging = 300 // more than a connection takes
	ca := newAuthority(t)
	arrived := make(chan struct{}, hanging)
	url := ca.serve(t, ca.issue(t, certificate{names: []string{"127.0.0.1"}}), true, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // else the server does not see who leaves
		if r.URL.Path == "/hang" {
			arrived <- struct{}{}
			<-r.Context().Done()
		}
	})
	p := w.local(t, post.Config{RootCAs: ca.pool, Timeout: time.Minute})
	require.Equal(t, deliver.Delivered, p.Post(t.Context(), request(url)).Result)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range hanging {
		wg.Go(func() { p.Post(ctx, request(url+"/hang")) })
	}
	for range hanging {
		<-arrived
	}
	for range 3 {
		require.Equal(t, deliver.Outcome{Result: deliver.Delivered, Status: 200}, p.Post(t.Context(), request(url)))
	}
	cancel()
	wg.Wait()
	require.Equal(t, deliver.Outcome{Result: deliver.Delivered, Status: 200}, p.Post(t.Context(), request(url)))
}

// corked is a connection whose writes are kept until it is pulled, and then leave
// together.
type corked struct {
	net.Conn
	kept *bytes.Buffer
}

func (c corked) Write(p []byte) (int, error) {
	if c.kept == nil {
		return c.Conn.Write(p)
	}
	return c.kept.Write(p)
}

// A second answer may come in a record of its own, which TLS holds back until
// somebody reads on.
func wordsThatNobodyAskedForByTLS(t *testing.T, w way) {
	if !w.writer {
		t.Skip("the transport looks at what it has kept in its own time")
	}
	ca := newAuthority(t)
	config := &tls.Config{Certificates: []tls.Certificate{ca.issue(t, certificate{names: []string{"127.0.0.1"}})}, NextProtos: []string{"http/1.1"}}
	url, connections := listen(t, func(_ int64, c net.Conn) {
		cork := &corked{Conn: c}
		secure := tls.Server(cork, config)
		reader := bufio.NewReader(secure)
		for swallow(reader) {
			cork.kept = new(bytes.Buffer)
			say(empty)(secure)
			say("HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n")(secure)
			_, _ = c.Write(cork.kept.Bytes())
			cork.kept = nil
		}
	})
	p := w.local(t, post.Config{RootCAs: ca.pool})
	const attempts = 5
	for range attempts {
		o := p.Post(t.Context(), request(strings.Replace(url, "http:", "https:", 1)))
		require.Equal(t, deliver.Outcome{Result: deliver.Delivered, Status: 200}, o)
	}
	require.EqualValues(t, attempts, connections.Load())
}
