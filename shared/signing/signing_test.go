package signing

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// testKey is made once: making one is slow.
var testKey = sync.OnceValue(func() *Key {
	key, err := NewKey(time.Now())
	if err != nil {
		panic(err)
	}
	return key
})

const baseURL = "https://smn.example.com"

func notification() wire.Push {
	return wire.Push{
		Type: wire.TypeNotification, MessageID: "88c726942175432bac921eafd0036163",
		TopicURN: "urn:smn:regionId:74dc9e44d0cc4573adfce91cdfdd3ba9:xxxx", Subject: "demo", Message: "My test message",
		Timestamp: "2016-08-15T07:29:16Z", UnsubscribeURL: baseURL + "/unsubscribe",
	}
}

func confirmation() wire.Push {
	p := notification()
	p.Type, p.Subject, p.UnsubscribeURL, p.SubscribeURL = wire.TypeConfirmation, "", "", baseURL+"/confirm?token=00"
	return p
}

// signed makes a message as it is sent.
func signed(t testing.TB, s *Signer, p wire.Push) wire.Push {
	t.Helper()
	p.SigningCertURL = baseURL + "/smn/" + s.CertificateID()
	require.NoError(t, s.Sign(&p))
	return p
}

func TestSignedText(t *testing.T) {
	n := notification()
	text, err := signedText(&n)
	require.NoError(t, err)
	sum := sha256.Sum256(text)
	require.Len(t, text, 195)
	require.Equal(t, "00909757b05b77bf4a76a42f5f8dbfcda9010627623dc28b0659a3d7c7e9caec", hex.EncodeToString(sum[:]))

	n.Subject, n.Message, n.SubscribeURL = "", "two\nlines", "not part of it"
	text, err = signedText(&n)
	require.NoError(t, err)
	require.Equal(t, "message\ntwo\nlines\nmessage_id\n88c726942175432bac921eafd0036163\ntimestamp\n2016-08-15T07:29:16Z\n"+
		"topic_urn\nurn:smn:regionId:74dc9e44d0cc4573adfce91cdfdd3ba9:xxxx\ntype\nNotification\n", string(text))

	for _, kind := range []string{wire.TypeConfirmation, wire.TypeUnsubscribed} {
		c := confirmation()
		c.Type, c.Subject = kind, "not part of it"
		text, err = signedText(&c)
		require.NoError(t, err)
		require.Equal(t, "message\nMy test message\nmessage_id\n88c726942175432bac921eafd0036163\nsubscribe_url\nhttps://smn.example.com/confirm?token=00\n"+
			"timestamp\n2016-08-15T07:29:16Z\ntopic_urn\nurn:smn:regionId:74dc9e44d0cc4573adfce91cdfdd3ba9:xxxx\ntype\n"+kind+"\n", string(text))
	}
}

func TestSignedTextRefuses(t *testing.T) {
	for name, change := range map[string]func(*wire.Push){
		"no type":        func(p *wire.Push) { p.Type = "" },
		"unknown type":   func(p *wire.Push) { p.Type = "notification" },
		"lines in id":    func(p *wire.Push) { p.MessageID = "a\nb" },
		"lines in time":  func(p *wire.Push) { p.Timestamp = "a\nb" },
		"lines in topic": func(p *wire.Push) { p.TopicURN = "a\r" },
		"lines in link":  func(p *wire.Push) { p.Type, p.SubscribeURL = wire.TypeConfirmation, "\n" },
		"lines in title": func(p *wire.Push) { p.Subject = "a\nb" },
	} {
		p := notification()
		change(&p)
		require.Error(t, New(testKey(), "local").Sign(&p), name)
		require.Empty(t, p.Signature, name)
	}
}

func TestSign(t *testing.T) {
	s := New(testKey(), "local")
	p := signed(t, s, notification())
	require.Equal(t, "v1", p.SignatureVersion)

	// As a receiver would that shares no code with this package.
	text, err := s.Certificate(t.Context(), s.CertificateID())
	require.NoError(t, err)
	block, rest := pem.Decode(text)
	require.Empty(t, rest)
	certificate, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	require.Equal(t, x509.SHA256WithRSA, certificate.SignatureAlgorithm)
	require.NoError(t, certificate.CheckSignature(certificate.SignatureAlgorithm, certificate.RawTBSCertificate, certificate.Signature))
	digest, err := hex.DecodeString("00909757b05b77bf4a76a42f5f8dbfcda9010627623dc28b0659a3d7c7e9caec")
	require.NoError(t, err)
	signature, err := base64.StdEncoding.DecodeString(p.Signature)
	require.NoError(t, err)
	require.NoError(t, rsa.VerifyPKCS1v15(certificate.PublicKey.(*rsa.PublicKey), crypto.SHA256, digest, signature))
}

func TestCertificate(t *testing.T) {
	s := New(testKey(), "eu-de")
	require.Regexp(t, `^SMN_eu-de_[0-9a-f]{32}\.pem$`, s.CertificateID())
	sum := sha256.Sum256(testKey().certificate)
	require.Contains(t, s.CertificateID(), hex.EncodeToString(sum[:])[:32])
	for _, id := range []string{"", "SMN_eu-de_00.pem", "x" + s.CertificateID(), strings.TrimSuffix(s.CertificateID(), ".pem")} {
		_, err := s.Certificate(t.Context(), id)
		require.Equal(t, smn.CertificateNotFound, smn.CodeOf(err))
	}
	text, err := s.Certificate(t.Context(), s.CertificateID())
	require.NoError(t, err)
	require.NotContains(t, string(text), "PRIVATE")
	clear(text)
	again, err := s.Certificate(t.Context(), s.CertificateID())
	require.NoError(t, err)
	require.NotEqual(t, text, again, "every caller has a copy")
}

func TestNewKey(t *testing.T) {
	now := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	key, err := certify(testKey().private, now)
	require.NoError(t, err)
	certificate, err := x509.ParseCertificate(key.certificate)
	require.NoError(t, err)
	require.Equal(t, "Tocsin message signing", certificate.Subject.CommonName)
	require.Equal(t, now.AddDate(10, 0, 0), certificate.NotAfter)
	require.Equal(t, now.AddDate(0, 0, -1), certificate.NotBefore)
	require.Equal(t, 2048, certificate.PublicKey.(*rsa.PublicKey).N.BitLen())
	require.False(t, certificate.IsCA)
}

func TestKeySurvivesPEM(t *testing.T) {
	text := testKey().PEM()
	key, err := ParseKey(text)
	require.NoError(t, err)
	require.Equal(t, New(testKey(), "r").CertificateID(), New(key, "r").CertificateID())
	require.Equal(t, text, key.PEM())

	head, tail, _ := bytes.Cut(text, []byte("-----BEGIN CERTIFICATE"))
	swapped := append([]byte("-----BEGIN CERTIFICATE"), tail...)
	key, err = ParseKey(append(append(swapped, head...), '\n', ' '))
	require.NoError(t, err)
	require.Equal(t, text, key.PEM())
}

func TestParseKeyRefuses(t *testing.T) {
	good := testKey().PEM()
	at := bytes.Index(good, []byte("-----BEGIN CERTIFICATE"))
	private, certificate := good[:at], good[at:]
	otherKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	other, err := certify(otherKey, time.Now())
	require.NoError(t, err)
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	curveKey, err := x509.MarshalPKCS8PrivateKey(curve)
	require.NoError(t, err)
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	smallKey, err := x509.MarshalPKCS8PrivateKey(small)
	require.NoError(t, err)
	block := func(kind string, b []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}) }
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

	for name, text := range map[string][]byte{
		"nothing": nil, "no PEM": []byte("hello"), "no certificate": private, "no key": certificate,
		"two keys": join(private, private, certificate), "two certificates": join(good, certificate),
		"another's certificate": join(private, block(pemCertificate, other.certificate)),
		"not a key":             join(block(pemKey, []byte("x")), certificate),
		"not a certificate":     join(private, block(pemCertificate, []byte("x"))),
		"another form of key":   join(block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(otherKey)), certificate),
		"not RSA":               join(block(pemKey, curveKey), certificate),
		"too short":             join(block(pemKey, smallKey), certificate),
		"cut":                   good[:len(good)-40], "more": join(good, []byte("more")),
	} {
		key, err := ParseKey(text)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "\n", name)
		require.Nil(t, key, name)
	}
}

func BenchmarkSign(b *testing.B) {
	s, p := New(testKey(), "local"), notification()
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Sign(&p); err != nil {
			b.Fatal(err)
		}
	}
}

// The same key signs as MNS does: base64 of RSA with SHA-1, which the certificate
// that is served verifies.
func TestSignSHA1(t *testing.T) {
	s := New(testKey(), "eu-de")
	text := []byte("POST\n\n\n\n/notifications")
	signature, err := s.SignSHA1(text)
	require.NoError(t, err)
	raw, err := base64.StdEncoding.DecodeString(signature)
	require.NoError(t, err)

	served, err := s.Certificate(t.Context(), s.CertificateID())
	require.NoError(t, err)
	public := readAsOfOld(t, string(served))
	sum := sha1.Sum(text)
	require.NoError(t, rsa.VerifyPKCS1v15(public, crypto.SHA1, sum[:], raw))
	sum[0]++
	require.Error(t, rsa.VerifyPKCS1v15(public, crypto.SHA1, sum[:], raw))
}

// readAsOfOld reads a certificate as the sample endpoint of MNS does: all lines but
// the first and the last are base64, and the seventh field of what is signed is the
// key, which it is in version 3 alone.
func readAsOfOld(t *testing.T, served string) *rsa.PublicKey {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(served, "\n"), "\n")
	require.Equal(t, "-----BEGIN CERTIFICATE-----", lines[0])
	require.Equal(t, "-----END CERTIFICATE-----", lines[len(lines)-1])
	der, err := base64.StdEncoding.DecodeString(strings.Join(lines[1:len(lines)-1], ""))
	require.NoError(t, err)
	var outer, tbs []asn1.RawValue
	rest, err := asn1.Unmarshal(der, &outer)
	require.NoError(t, err)
	require.Empty(t, rest)
	_, err = asn1.Unmarshal(outer[0].FullBytes, &tbs)
	require.NoError(t, err)
	public, err := x509.ParsePKIXPublicKey(tbs[6].FullBytes)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	require.Equal(t, 3, parsed.Version)
	return public.(*rsa.PublicKey)
}
