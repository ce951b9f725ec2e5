package smtp_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver/smtp"
)

// taken is a mail that a server has taken.
type taken struct {
	from, to, user string
	utf8, tls      bool
	content        string
}

// mailServer is a real server, with what a test wants of it.
type mailServer struct {
	gosmtp.Server
	implicit   bool // TLS from the first byte
	mechanisms []string
	rcpt       func(to string) error
	data       func() error

	mu       sync.Mutex
	mails    []taken
	sessions int // all that there were
	open     int // that are there now
	most     int // that were there at once
}

// start starts a server and gives the settings of a sender that trusts it.
func start(t *testing.T, change func(*mailServer)) (*mailServer, smtp.Config) {
	s := &mailServer{Server: *gosmtp.NewServer(nil)}
	s.Backend, s.Domain, s.ErrorLog = gosmtp.BackendFunc(s.session), "mail.example.com", quiet{}
	certificate, roots := authority(t, "127.0.0.1")
	s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}}
	if change != nil {
		change(s)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	c := settings(t, "smtp://", listener.Addr(), "")
	c.Roots, c.Security = roots, smtp.Required
	if s.implicit {
		listener, c.Security = tls.NewListener(listener, s.TLSConfig), smtp.TLS
	}
	served := make(chan struct{})
	go func() { defer close(served); _ = s.Serve(listener) }()
	t.Cleanup(func() { _ = s.Close(); <-served })
	return s, c
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

func settings(t *testing.T, scheme string, addr net.Addr, options string) smtp.Config {
	c, err := smtp.Read(scheme+addr.String()+options, "notify@example.com")
	require.NoError(t, err)
	return c
}

func (s *mailServer) session(c *gosmtp.Conn) (gosmtp.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions++
	s.open++
	s.most = max(s.most, s.open)
	return &session{server: s, conn: c}, nil
}

func (s *mailServer) all() []taken {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]taken(nil), s.mails...)
}

func (s *mailServer) counts() (sessions, most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions, s.most
}

type session struct {
	server *mailServer
	conn   *gosmtp.Conn
	user   string
	mail   taken
}

func (s *session) AuthMechanisms() []string { return s.server.mechanisms }

func (s *session) Auth(mechanism string) (sasl.Server, error) {
	check := func(user, password string) error {
		if user != "me" || password != "p:w@d é" {
			return gosmtp.ErrAuthFailed
		}
		s.user = user
		return nil
	}
	if mechanism == "LOGIN" {
		return &loginServer{check: check}, nil
	}
	return sasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
}

// loginServer asks for a name and then for a password.
type loginServer struct {
	check  func(user, password string) error
	step   int
	answer [2]string
}

func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	l.step++
	switch l.step {
	case 1:
		return []byte("Username:"), false, nil
	case 2:
		l.answer[0] = string(response)
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(l.answer[0], string(response))
}

func (s *session) Mail(from string, o *gosmtp.MailOptions) error {
	if len(s.server.mechanisms) > 0 && s.user == "" {
		return gosmtp.ErrAuthRequired
	}
	_, isTLS := s.conn.TLSConnectionState()
	s.mail = taken{from: from, user: s.user, tls: isTLS, utf8: o.UTF8}
	return nil
}

func (s *session) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	s.mail.to = to
	if s.server.rcpt != nil {
		return s.server.rcpt(to)
	}
	return nil
}

func (s *session) Data(r io.Reader) error {
	content, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if s.server.data != nil {
		if err := s.server.data(); err != nil {
			return err
		}
	}
	s.mail.content = string(content)
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.mails = append(s.server.mails, s.mail)
	return nil
}

func (s *session) Reset() {}

func (s *session) Logout() error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.open--
	return nil
}

// authority makes a certificate for a host, and the pool of its issuer.
func authority(t *testing.T, host string) (tls.Certificate, *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, IPAddresses: []net.IP{net.ParseIP(host)},
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

// script starts a peer that answers each connection, counted from 0, as a test
// says: reply gets a line, or "" for the greeting and "." for the end of a mail. An
// empty reply closes the connection without a word. Everything that it heard is in
// the list that heard gives.
func script(t *testing.T, reply func(connection int, line string) string) (_ smtp.Config, heard func() []string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var mu sync.Mutex
	var lines []string
	var talks sync.WaitGroup
	talk := func(n int, conn net.Conn) {
		defer func() { _ = conn.Close() }()
		in, inMail := bufio.NewScanner(conn), false
		for line := ""; ; line = in.Text() {
			mu.Lock()
			if line != "" {
				lines = append(lines, fmt.Sprintf("%d %s", n, line))
			}
			mu.Unlock()
			if !inMail || line == "." {
				text := reply(n, line)
				if text == "" {
					return
				}
				_, _ = io.WriteString(conn, text+"\r\n")
				inMail = strings.HasPrefix(text, "354")
			}
			if !in.Scan() {
				return
			}
		}
	}
	talks.Go(func() {
		for n := 0; ; n++ {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			talks.Go(func() { talk(n, conn) })
		}
	})
	t.Cleanup(func() { _ = listener.Close(); talks.Wait() })
	return settings(t, "smtp://", listener.Addr(), ""), func() []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string(nil), lines...)
	}
}

// polite is how a bare server answers.
func polite(line string) string {
	verb, _, _ := strings.Cut(line, " ")
	switch verb {
	case "":
		return "220 ready"
	case "EHLO":
		return "250 mail.example.com"
	case "DATA":
		return "354 go ahead"
	case "QUIT":
		return "221 bye"
	}
	return "250 fine"
}
