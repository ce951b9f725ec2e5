package signing

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/wire"
)

// transport answers requests without a network.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

// service answers as the one of s, and counts.
type service struct {
	*Signer
	requests atomic.Int64
}

func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	s.requests.Add(1)
	if r.URL.Scheme != "https" || r.URL.Hostname() != "smn.example.com" {
		return nil, errors.New("a request to another host")
	}
	text, err := s.Certificate(r.Context(), r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:])
	if err != nil {
		return answer(404, ""), nil
	}
	return answer(200, string(text)), nil
}

func verifier(t http.RoundTripper) *Verifier {
	return &Verifier{BaseURL: baseURL, Client: &http.Client{Transport: t}}
}

func body(t testing.TB, p wire.Push) []byte {
	t.Helper()
	b, err := json.Marshal(p)
	require.NoError(t, err)
	return b
}

func TestVerify(t *testing.T) {
	svc := &service{Signer: New(testKey(), "local")}
	v := verifier(svc)
	for name, p := range map[string]wire.Push{
		"notification": notification(),
		"confirmation": confirmation(),
		"cancellation": func() wire.Push { p := confirmation(); p.Type = wire.TypeUnsubscribed; return p }(),
		"no subject":   func() wire.Push { p := notification(); p.Subject = ""; return p }(),
		"many lines":   func() wire.Push { p := notification(); p.Message = "a\r\n\nb<&>\u2028ä\x00"; return p }(),
		"empty text":   func() wire.Push { p := notification(); p.Message = ""; return p }(),
	} {
		p = signed(t, svc.Signer, p)
		got, err := v.Verify(t.Context(), body(t, p))
		require.NoError(t, err, name)
		require.Equal(t, p, got, name)
	}
	require.EqualValues(t, 1, svc.requests.Load(), "a certificate is kept")

	p := signed(t, svc.Signer, notification())
	p.SigningCertURL = baseURL + "/v2/notifications/certifications/download/" + svc.CertificateID()
	_, err := v.Verify(t.Context(), body(t, p))
	require.NoError(t, err, "the other path of certificates")
}

func TestVerifyTampered(t *testing.T) {
	svc := &service{Signer: New(testKey(), "local")}
	v := verifier(svc)
	n, c := signed(t, svc.Signer, notification()), signed(t, svc.Signer, confirmation())
	type change = func(*wire.Push)
	cases := map[string]struct {
		of wire.Push
		change
	}{
		"type":              {n, func(p *wire.Push) { p.Type = wire.TypeUnsubscribed }},
		"type of a notice":  {c, func(p *wire.Push) { p.Type = wire.TypeUnsubscribed }},
		"no type":           {n, func(p *wire.Push) { p.Type = "" }},
		"message id":        {n, func(p *wire.Push) { p.MessageID = "x" }},
		"topic":             {n, func(p *wire.Push) { p.TopicURN += "x" }},
		"subject":           {n, func(p *wire.Push) { p.Subject = "omed" }},
		"subject removed":   {n, func(p *wire.Push) { p.Subject = "" }},
		"message":           {n, func(p *wire.Push) { p.Message += " " }},
		"timestamp":         {n, func(p *wire.Push) { p.Timestamp = "2016-08-15T07:29:17Z" }},
		"subscribe url":     {c, func(p *wire.Push) { p.SubscribeURL += "1" }},
		"version":           {n, func(p *wire.Push) { p.SignatureVersion = "v2" }},
		"no version":        {n, func(p *wire.Push) { p.SignatureVersion = "" }},
		"signature":         {n, func(p *wire.Push) { p.Signature = c.Signature }},
		"no signature":      {n, func(p *wire.Push) { p.Signature = "" }},
		"signature garbled": {n, func(p *wire.Push) { p.Signature = "%" }},
		"signature short":   {n, func(p *wire.Push) { p.Signature = p.Signature[:100] }},
		"subject moved into the message": {n, func(p *wire.Push) {
			p.Message, p.MessageID, p.Subject = p.Message+"\nmessage_id\n"+p.MessageID+"\nsubject", p.Subject, ""
		}},
		"lines moved": {n, func(p *wire.Push) { p.MessageID, p.Subject = p.MessageID+"\nsubject\n"+p.Subject, "" }},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := v.Verify(t.Context(), body(t, tc.of))
			require.NoError(t, err)
			p := tc.of
			tc.change(&p)
			got, err := v.Verify(t.Context(), body(t, p))
			require.ErrorIs(t, err, ErrForged)
			require.NotErrorIs(t, err, ErrUnavailable)
			require.Zero(t, got)
		})
	}
	for _, b := range []string{"", "null", "{}", "[]", "{", `{"type":1}`, "\xff"} {
		_, err := v.Verify(t.Context(), []byte(b))
		require.ErrorIs(t, err, ErrForged, b)
	}
	other, err := NewKey(time.Now())
	require.NoError(t, err)
	p := signed(t, New(other, "local"), notification())
	p.SigningCertURL = n.SigningCertURL
	_, err = v.Verify(t.Context(), body(t, p))
	require.ErrorIs(t, err, ErrForged, "signed by another key")
	require.EqualValues(t, 1, svc.requests.Load())
}

func TestVerifyAsksNobodyElse(t *testing.T) {
	svc := &service{Signer: New(testKey(), "local")}
	p := signed(t, svc.Signer, notification())
	id := svc.CertificateID()
	for _, from := range []string{
		"", id, "/smn/" + id, "//smn.example.com/smn/" + id, "https://evil.example/smn/" + id, "http://smn.example.com/smn/" + id,
		"https://smn.example.com.evil.example/smn/" + id, "https://smn.example.com@evil.example/smn/" + id, "https://user@smn.example.com/smn/" + id,
		"https://smn.example.com:444/smn/" + id, "https://169.254.169.254/smn/" + id, "file:///smn/" + id, "ftp://smn.example.com/smn/" + id,
		"https:smn.example.com/smn/" + id, "https://smn.example.com", "https://smn.example.com/" + id, "https://smn.example.com/smn/", "https://smn.example.com/smn/x",
		"https://smn.example.com/smn/a/" + id, "https://smn.example.com/smn/../smn/" + id, "https://smn.example.com/smn/%2e%2e/" + id,
		"https://smn.example.com/smn%2F" + id, "https://smn.example.com//smn/" + id, "https://smn.example.com/smn/" + id + "?x=1", "https://smn.example.com/smn/" + id + "?",
		"https://smn.example.com/smn/" + id + "#x", "https://smn.example.com/smn/.pem", "https://smn.example.com/smn/a%0ab.pem",
		"https://smn.example.com/v2/notifications/certifications/download/", "https://smn.example.com/v2/notifications/certifications/download/..",
		"https://smn.example.com/v2/notifications/certifications/download/a/b", "https://[::1/smn/" + id, "https://smn.example.com:x/smn/" + id,
	} {
		p.SigningCertURL = from
		_, err := verifier(svc).Verify(t.Context(), body(t, p))
		require.ErrorIs(t, err, ErrForged, from)
	}
	require.Zero(t, svc.requests.Load())

	for _, from := range []string{"HTTPS://SMN.example.COM/smn/" + id, "https://smn.example.com:443/smn/" + id} {
		p.SigningCertURL = from
		_, err := verifier(svc).Verify(t.Context(), body(t, p))
		require.NoError(t, err, "another spelling of the same: %s", from)
	}
}

func TestBaseURL(t *testing.T) {
	svc := &service{Signer: New(testKey(), "local")}
	p := body(t, signed(t, svc.Signer, notification()))
	for _, base := range []string{baseURL, baseURL + "/", "https://SMN.EXAMPLE.COM:443"} {
		v := verifier(svc)
		v.BaseURL = base
		_, err := v.Verify(t.Context(), p)
		require.NoError(t, err, base)
	}
	svc.requests.Store(0)
	for _, base := range []string{"", "smn.example.com", "ftp://smn.example.com", "https://", baseURL + "/path", baseURL + "?x", "https://u@smn.example.com", baseURL + "#x", "%"} {
		v := verifier(svc)
		v.BaseURL = base
		_, err := v.Verify(t.Context(), p)
		require.ErrorIs(t, err, ErrUnavailable, base)
	}
	require.Zero(t, svc.requests.Load())
}

func TestCertificateAnswers(t *testing.T) {
	s := New(testKey(), "local")
	good, err := s.Certificate(t.Context(), s.CertificateID())
	require.NoError(t, err)
	expired, err := certify(testKey().private, time.Now().AddDate(-11, 0, 0))
	require.NoError(t, err)
	early, err := certify(testKey().private, time.Now().AddDate(1, 0, 0))
	require.NoError(t, err)
	certificate := func(der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: pemCertificate, Bytes: der}))
	}
	cases := map[string]struct {
		status int
		body   string
		want   error
	}{
		"fine":                {200, string(good), nil},
		"as large as allowed": {200, string(good) + strings.Repeat("\n", maxCertificate-len(good)), nil},
		"one byte more":       {200, string(good) + strings.Repeat("\n", maxCertificate-len(good)+1), ErrUnavailable},
		"no certificate":      {404, "", ErrForged},
		"not any more":        {410, "", ErrForged},
		"redirect":            {302, string(good), ErrUnavailable},
		"forbidden":           {403, string(good), ErrUnavailable},
		"busy":                {503, "", ErrUnavailable},
		"a page":              {200, "<html>", ErrUnavailable},
		"a key":               {200, string(testKey().PEM()), ErrUnavailable},
		"a broken one":        {200, certificate([]byte("x")), ErrUnavailable},
		"not RSA":             {200, certificate(curveCertificate(t)), ErrForged},
		"expired":             {200, certificate(expired.certificate), ErrForged},
		"not valid yet":       {200, certificate(early.certificate), ErrForged},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			v := verifier(transport(func(*http.Request) (*http.Response, error) { return answer(tc.status, tc.body), nil }))
			_, err := v.Verify(t.Context(), body(t, signed(t, s, notification())))
			require.ErrorIs(t, err, tc.want)
		})
	}
	t.Run("broken off", func(t *testing.T) {
		v := verifier(transport(func(*http.Request) (*http.Response, error) {
			res := answer(200, "")
			res.Body = io.NopCloser(io.MultiReader(strings.NewReader("-----BEGIN"), brokenReader{}))
			return res, nil
		}))
		_, err := v.Verify(t.Context(), body(t, signed(t, s, notification())))
		require.ErrorIs(t, err, ErrUnavailable)
	})
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func curveCertificate(t *testing.T) []byte {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	return der
}

// Over a real connection, with the client left alone: a redirect is not followed.
func TestRedirectIsNotFollowed(t *testing.T) {
	var followed atomic.Bool
	s := New(testKey(), "local")
	mux := http.NewServeMux()
	mux.HandleFunc("/smn/", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) })
	mux.HandleFunc("/elsewhere", func(w http.ResponseWriter, r *http.Request) {
		followed.Store(true)
		text, _ := s.Certificate(r.Context(), s.CertificateID())
		_, _ = w.Write(text)
	})
	srv := httptest.NewServer(mux)
	defer srv.Close()
	p := signed(t, s, notification())
	p.SigningCertURL = srv.URL + "/smn/" + s.CertificateID()
	_, err := (&Verifier{BaseURL: srv.URL}).Verify(t.Context(), body(t, p))
	require.ErrorIs(t, err, ErrUnavailable)
	require.False(t, followed.Load())
}

func TestManyAtOnceFetchOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key, err := certify(testKey().private, time.Now())
		require.NoError(t, err)
		svc := &service{Signer: New(key, "local")}
		v := verifier(transport(func(r *http.Request) (*http.Response, error) {
			time.Sleep(time.Second) // virtual: all callers are there by then
			return svc.RoundTrip(r)
		}))
		message := body(t, signed(t, svc.Signer, notification()))
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if _, err := v.Verify(t.Context(), message); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, 1, svc.requests.Load())

		time.Sleep(24*time.Hour - time.Second)
		_, err = v.Verify(t.Context(), message)
		require.NoError(t, err)
		require.EqualValues(t, 1, svc.requests.Load(), "kept for 24 hours")
		time.Sleep(time.Second)
		_, err = v.Verify(t.Context(), message)
		require.NoError(t, err)
		require.EqualValues(t, 2, svc.requests.Load(), "and not longer")
	})
}

func TestFailureIsNotKept(t *testing.T) {
	svc := &service{Signer: New(testKey(), "local")}
	fail := true
	v := verifier(transport(func(r *http.Request) (*http.Response, error) {
		if fail {
			return nil, errors.New("no route")
		}
		return svc.RoundTrip(r)
	}))
	message := body(t, signed(t, svc.Signer, notification()))
	_, err := v.Verify(t.Context(), message)
	require.ErrorIs(t, err, ErrUnavailable)
	fail = false
	_, err = v.Verify(t.Context(), message)
	require.NoError(t, err)
}

// Certificates that are shared fetch once for all, and tell of a failure again until
// it is forgotten.
func TestSharedCertificates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key, err := certify(testKey().private, time.Now())
		require.NoError(t, err)
		svc := &service{Signer: New(key, "local")}
		var requests atomic.Int64
		var works atomic.Bool
		shared := &Certificates{KeepFailure: 2 * time.Second, Client: &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			requests.Add(1)
			if !works.Load() {
				return nil, errors.New("no route")
			}
			return svc.RoundTrip(r)
		})}}
		message := body(t, signed(t, svc.Signer, notification()))
		both := func() (errs []error) {
			for range 2 {
				_, err := (&Verifier{BaseURL: baseURL, Certificates: shared}).Verify(t.Context(), message)
				errs = append(errs, err)
			}
			return errs
		}
		for _, err := range both() {
			require.ErrorIs(t, err, ErrUnavailable)
		}
		require.EqualValues(t, 1, requests.Load())
		works.Store(true)
		time.Sleep(time.Second)
		for _, err := range both() {
			require.ErrorIs(t, err, ErrUnavailable)
		}
		require.EqualValues(t, 1, requests.Load())
		time.Sleep(time.Second)
		require.Equal(t, []error{nil, nil}, both())
		require.EqualValues(t, 2, requests.Load())

		for i := range 3 * maxCertificates { // failures push out failures
			_, err := shared.Get(t.Context(), baseURL+"/smn/made-up-"+strconv.Itoa(i)+".pem")
			require.ErrorIs(t, err, ErrForged)
			require.LessOrEqual(t, len(shared.kept), maxCertificates)
		}
		asked := requests.Load()
		require.Equal(t, []error{nil, nil}, both())
		require.Equal(t, asked, requests.Load(), "the certificate is still kept")
	})
}

func TestServiceThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key, err := certify(testKey().private, time.Now())
		require.NoError(t, err)
		v := verifier(transport(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}))
		message := body(t, signed(t, New(key, "local"), notification()))
		start := time.Now()
		_, err = v.Verify(t.Context(), message)
		require.ErrorIs(t, err, ErrUnavailable)
		require.Equal(t, 5*time.Second, time.Since(start))
	})
}

func TestImpatientCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key, err := certify(testKey().private, time.Now())
		require.NoError(t, err)
		svc := &service{Signer: New(key, "local")}
		v := verifier(transport(func(r *http.Request) (*http.Response, error) {
			time.Sleep(2 * time.Second)
			if err := r.Context().Err(); err != nil {
				return nil, err
			}
			return svc.RoundTrip(r)
		}))
		message := body(t, signed(t, svc.Signer, notification()))
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = v.Verify(short, message)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, ErrUnavailable)

		_, err = v.Verify(t.Context(), message)
		require.NoError(t, err, "the download went on for others")
		require.EqualValues(t, 1, svc.requests.Load())
	})
}

func TestFloodOfCertificates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key, err := certify(testKey().private, time.Now())
		require.NoError(t, err)
		svc := &service{Signer: New(key, "local")}
		genuine := body(t, signed(t, svc.Signer, notification()))
		var underWay, most, served atomic.Int64
		v := verifier(transport(func(r *http.Request) (*http.Response, error) {
			if strings.Contains(r.URL.Path, "made-up") {
				most.Store(max(most.Load(), underWay.Add(1)))
				defer underWay.Add(-1)
				time.Sleep(time.Second)
				return answer(404, ""), nil
			}
			served.Add(1)
			text, _ := svc.Certificate(r.Context(), svc.CertificateID())
			return answer(200, string(text)), nil
		}))
		_, err = v.Verify(t.Context(), genuine)
		require.NoError(t, err)

		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				p := signed(t, svc.Signer, notification())
				p.SigningCertURL = baseURL + "/smn/made-up-" + strconv.Itoa(i) + ".pem"
				if _, err := v.Verify(t.Context(), body(t, p)); err == nil {
					t.Error("accepted")
				}
			})
		}
		synctest.Wait()
		_, err = v.Verify(t.Context(), genuine)
		require.NoError(t, err)
		wg.Wait()
		require.EqualValues(t, maxDownloads, most.Load())
		require.EqualValues(t, 1, served.Load(), "the flood did not push the certificate out")

		for i := range 3 * maxCertificates {
			p := notification()
			p.SigningCertURL = baseURL + "/smn/" + strconv.Itoa(i) + ".pem"
			require.NoError(t, svc.Sign(&p))
			_, err := v.Verify(t.Context(), body(t, p))
			require.NoError(t, err)
			require.LessOrEqual(t, len(v.own.kept), maxCertificates)
		}
	})
}

// FuzzVerify bends messages that are genuine. Their signatures are put in by the
// target: each process that fuzzes has a key of its own.
func FuzzVerify(f *testing.F) {
	svc := &service{Signer: New(testKey(), "local")}
	v := verifier(svc)
	n, c := signed(f, svc.Signer, notification()), signed(f, svc.Signer, confirmation())
	genuine := strings.NewReplacer("{n}", n.Signature, "{c}", c.Signature, "{id}", svc.CertificateID())
	pattern := strings.NewReplacer(n.Signature, "{n}", c.Signature, "{c}", svc.CertificateID(), "{id}")
	var texts []string
	for _, p := range []wire.Push{n, c} {
		f.Add(pattern.Replace(string(body(f, p))))
		text, err := signedText(&p)
		require.NoError(f, err)
		texts = append(texts, string(text))
	}
	f.Add("null")
	f.Fuzz(func(t *testing.T, message string) {
		p, err := v.Verify(context.Background(), []byte(genuine.Replace(message)))
		if err != nil {
			require.ErrorIs(t, err, ErrForged)
			require.Zero(t, p)
			return
		}
		text, err := signedText(&p) // accepted: then it says what this service has signed
		require.NoError(t, err)
		require.Contains(t, texts, string(text))
	})
}

func BenchmarkVerify(b *testing.B) {
	svc := &service{Signer: New(testKey(), "local")}
	v := verifier(svc)
	message := body(b, signed(b, svc.Signer, notification()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(b.Context(), message); err != nil {
			b.Fatal(err)
		}
	}
}
