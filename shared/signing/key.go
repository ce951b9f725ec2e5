package signing

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// Types of PEM blocks.
const (
	pemKey         = "PRIVATE KEY" // PKCS#8
	pemCertificate = "CERTIFICATE"
)

const (
	keyBits      = 2048 // what every receiver can verify; a signature costs 0.8 ms
	certYears    = 10
	clockLeeway  = 24 * time.Hour // receivers whose clock is late accept a new certificate, too
	commonName   = "Tocsin message signing"
	serialLength = 128 // bits
)

// Key is a private key and the certificate with its public half. An
// installation makes one and keeps it for good: receivers remember the
// certificate.
type Key struct {
	private     *rsa.PrivateKey
	certificate []byte // DER
}

// NewKey makes a key whose certificate is valid for ten years from now. It takes
// some 100 ms.
func NewKey(now time.Time) (*Key, error) {
	private, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return nil, fmt.Errorf("signing: make key: %w", err)
	}
	return certify(private, now)
}

// certify gives a key its self-signed certificate.
func certify(private *rsa.PrivateKey, now time.Time) (*Key, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), serialLength))
	if err != nil {
		return nil, fmt.Errorf("signing: make certificate: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: commonName},
		NotBefore:             now.Add(-clockLeeway),
		NotAfter:              now.AddDate(certYears, 0, 0),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
		// Receivers written for SMN read the algorithm of messages off this one.
		SignatureAlgorithm: x509.SHA256WithRSA,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return nil, fmt.Errorf("signing: make certificate: %w", err)
	}
	return &Key{private: private, certificate: der}, nil
}

// ParseKey reads what Key.PEM wrote, or any PEM text of one PKCS#8 RSA key of at
// least 2048 bits and its certificate, in any order. Errors never show the key.
func ParseKey(text []byte) (*Key, error) {
	var k Key
	var public any
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		switch {
		case block.Type == pemKey && k.private == nil:
			parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
			private, ok := parsed.(*rsa.PrivateKey)
			if err != nil || !ok || private.N.BitLen() < keyBits {
				return nil, fmt.Errorf("signing: the key is not an RSA key of %d bits or more in PKCS#8 form", keyBits)
			}
			k.private = private
		case block.Type == pemCertificate && k.certificate == nil:
			certificate, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, fmt.Errorf("signing: read certificate: %w", err)
			}
			k.certificate, public = certificate.Raw, certificate.PublicKey
		default:
			return nil, fmt.Errorf("signing: unexpected or second PEM block %q", block.Type)
		}
	}
	if k.private == nil || k.certificate == nil {
		return nil, errors.New("signing: want a PEM text of a private key and its certificate")
	}
	if len(bytes.TrimSpace(text)) > 0 {
		return nil, errors.New("signing: text that is not PEM behind the last block")
	}
	if !k.private.PublicKey.Equal(public) {
		return nil, errors.New("signing: the certificate belongs to another key")
	}
	return &k, nil
}

// PEM writes the private key (PKCS#8) and the certificate. It is a secret.
func (k *Key) PEM() []byte {
	der, err := x509.MarshalPKCS8PrivateKey(k.private)
	if err != nil {
		panic("signing: write key: " + err.Error()) // an RSA key can always be written
	}
	return append(
		pem.EncodeToMemory(&pem.Block{Type: pemKey, Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: pemCertificate, Bytes: k.certificate})...,
	)
}
