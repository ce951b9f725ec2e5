package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	selfSignedFor = 2 * 365 * 24 * time.Hour // less than what systems take at most, 825 days
	renewBefore   = 60 * 24 * time.Hour
)

// selfSigned makes a certificate that signs itself, and another before it ends. The
// key stays the same, so who pins the key need not change anything.
type selfSigned struct {
	cert    string   // file
	key     []byte   // PEM
	hosts   []string // names and addresses
	now     func() time.Time
	checked time.Time // when the certificate was looked at last
	told    changes
}

// keep makes sure that the certificate is there, of this key, for these hosts, and
// valid for a while. It looks at most once an hour.
func (s *selfSigned) keep() error {
	now := s.now()
	if now.Sub(s.checked).Abs() < time.Hour {
		return nil
	}
	if cert, err := os.ReadFile(s.cert); err == nil {
		pair, err := tls.X509KeyPair(cert, s.key)
		if err == nil && s.serves(pair.Leaf, now) {
			s.checked = now
			return nil
		}
	} else if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	cert, err := s.make(now)
	if err == nil {
		err = replaceFile(s.cert, cert)
	}
	if err != nil {
		return fmt.Errorf("make certificate %s: %w", s.cert, err)
	}
	s.checked = now
	return nil
}

func (s *selfSigned) serves(c *x509.Certificate, now time.Time) bool {
	return !now.Before(c.NotBefore) && now.Add(renewBefore).Before(c.NotAfter) &&
		!slices.ContainsFunc(s.hosts, func(host string) bool { return c.VerifyHostname(host) != nil })
}

func (s *selfSigned) make(now time.Time) ([]byte, error) {
	block, _ := pem.Decode(s.key)
	if block == nil {
		return nil, errors.New("its key is no PEM file")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	private, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return nil, errors.New("its key is of another kind than ECDSA")
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	template := x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: "Tocsin, self-signed"},
		NotBefore:             now.Add(-time.Hour), // clocks differ
		NotAfter:              now.Add(selfSignedFor),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	for _, host := range s.hosts {
		if addr, err := netip.ParseAddr(host); err == nil {
			template.IPAddresses = append(template.IPAddresses, addr.AsSlice())
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	cert, err := x509.CreateCertificate(rand.Reader, &template, &template, private.Public(), private)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), nil
}

func newTLSKey() ([]byte, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// replaceFile puts a file in place of another, whole or not at all.
func replaceFile(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// fingerprint is the hash of a certificate as openssl and browsers show it.
func fingerprint(der []byte) string {
	hash := sha256.Sum256(der)
	text := strings.ToUpper(hex.EncodeToString(hash[:]))
	var b bytes.Buffer
	for i := 0; i < len(text); i += 2 {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(text[i : i+2])
	}
	return b.String()
}

// openTLS readies the certificate that the API shows, if it is to show one.
func (h *house) openTLS(ctx context.Context) error {
	s := h.settings.tls
	if !s.enabled() {
		return nil
	}
	if s.SelfSigned {
		key, err := h.db.GetOrCreate(ctx, "tls.key", newTLSKey)
		if err != nil {
			return err
		}
		secrets := filepath.Join(h.settings.data, "secrets")
		s.Cert, s.Key = filepath.Join(secrets, "tls.crt"), filepath.Join(secrets, "tls.key")
		h.selfSigned = &selfSigned{cert: s.Cert, key: key, hosts: h.hosts(), now: time.Now}
		if err := h.selfSigned.keep(); err != nil {
			return err
		}
	}
	h.certificate = &certificate{cert: s.Cert, key: s.Key, log: h.log}
	return h.certificate.open(ctx)
}

// hosts are the names by which this machine and others reach the API.
func (h *house) hosts() []string {
	hosts := []string{"localhost", "127.0.0.1", "::1"}
	if u, err := url.Parse(h.settings.PublicURL); err == nil {
		hosts = append(hosts, u.Hostname())
	}
	if local, err := netip.ParseAddrPort(h.listener.Addr().String()); err == nil && !local.Addr().IsUnspecified() {
		hosts = append(hosts, local.Addr().Unmap().WithZone("").String())
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

// watchTLS looks for another certificate until ctx ends, and makes one before the
// self-signed one ends.
func (h *house) watchTLS(ctx context.Context) {
	if h.certificate == nil {
		return
	}
	everySecond(ctx, func(ctx context.Context) {
		if h.selfSigned != nil {
			if err := h.selfSigned.keep(); err != nil && h.selfSigned.told.isNews(err) {
				h.certificate.keep(ctx, err)
			}
		}
		h.certificate.look(ctx)
	})
}
