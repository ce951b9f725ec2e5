package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
)

// tlsSettings choose whether the API speaks TLS, and with which certificate.
type tlsSettings struct {
	Cert       string `env:"TOCSIN_TLS_CERT" help:"Speak TLS with this certificate and those that sign it: a PEM file, read again when it changes." type:"path" placeholder:"FILE"`
	Key        string `env:"TOCSIN_TLS_KEY" help:"Its private key: a PEM file." type:"path" placeholder:"FILE"`
	SelfSigned bool   `env:"TOCSIN_TLS_SELF_SIGNED" help:"Speak TLS with a certificate of our own making, which lies in the data folder."`
}

func (s tlsSettings) enabled() bool { return s.SelfSigned || s.Cert != "" }

func (s tlsSettings) check() error {
	switch {
	case (s.Cert == "") != (s.Key == ""):
		return errors.New("TOCSIN_TLS_CERT and TOCSIN_TLS_KEY belong together: set both or neither")
	case s.SelfSigned && s.Cert != "":
		return errors.New("TOCSIN_TLS_SELF_SIGNED makes a certificate of its own: set it or TOCSIN_TLS_CERT, not both")
	}
	return nil
}

// maxPEM is the largest file with a certificate or key, in bytes.
const maxPEM = 1 << 20

// certificate is the one that the API shows, from two files that may change.
type certificate struct {
	cert, key string // PEM files
	log       *slog.Logger
	changes
	current atomic.Pointer[tls.Certificate]
}

// open reads the files for the first time: then they must be right.
func (c *certificate) open(ctx context.Context) error {
	text, pair, err := c.read()
	if err == nil {
		c.first(text)
		err = pair.err
	}
	if err != nil {
		return fmt.Errorf("TLS certificate: %w", err)
	}
	c.current.Store(pair.parsed)
	c.log.LogAttrs(ctx, slog.LevelInfo, "certificate", c.described()...)
	return nil
}

// look puts the pair of the files into use if it has changed. Half of a new pair,
// or a broken one, changes nothing, and the log says so once.
func (c *certificate) look(ctx context.Context) {
	text, pair, err := c.read()
	switch {
	case err != nil:
		if c.isNews(err) {
			c.keep(ctx, err)
		}
	case !c.settled(text):
	case pair.err != nil:
		c.keep(ctx, pair.err)
	default:
		c.current.Store(pair.parsed)
		c.log.LogAttrs(ctx, slog.LevelInfo, "certificate replaced", c.described()...)
	}
}

// keyPair is what two files hold, or why they hold no pair.
type keyPair struct {
	parsed *tls.Certificate
	err    error
}

// read reads both files, and gives one text that changes when either does.
func (c *certificate) read() (text []byte, pair keyPair, err error) {
	cert, err := readRegular(c.cert, maxPEM)
	if err != nil {
		return nil, keyPair{}, err
	}
	key, err := readRegular(c.key, maxPEM)
	if err != nil {
		return nil, keyPair{}, err
	}
	parsed, err := tls.X509KeyPair(cert, key)
	if err != nil {
		err = fmt.Errorf("%s and %s: %w", c.cert, c.key, err)
	}
	return fmt.Appendf(nil, "%d %s%s", len(cert), cert, key), keyPair{&parsed, err}, nil
}

// described is what the log says of the certificate in use.
func (c *certificate) described() []slog.Attr {
	leaf := c.current.Load().Leaf
	return []slog.Attr{
		slog.String("file", c.cert), slog.Time("expires", leaf.NotAfter), slog.String("sha256", fingerprint(leaf.Raw)),
	}
}

func (c *certificate) keep(ctx context.Context, err error) {
	c.log.LogAttrs(ctx, slog.LevelError, "certificate kept as it was", slog.String("file", c.cert), slog.String("error", err.Error()))
}

// config is for a server that shows the certificate.
func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return c.current.Load(), nil
		},
	}
}
