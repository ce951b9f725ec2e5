package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	protocol "github.com/wneessen/go-mail/smtp"

	"tocsin/shared/deliver/letter"
)

// connection is a conversation with the server. One goroutine uses it at a time.
type connection struct {
	raw    *bounded // below TLS
	client *protocol.Client
	mails  int         // sent through it
	idle   *time.Timer // closes it while it waits; nil before it has waited
}

// dial opens a conversation, up to and with the login. A failed one is closed.
func (c Config) dial(ctx context.Context) (_ *connection, f *failure) {
	dialled, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(c.Host, c.Port))
	if err != nil {
		return nil, &failure{at: greeting, err: err}
	}
	raw := &bounded{Conn: dialled}
	opened := &connection{raw: raw}
	defer opened.until(ctx)()
	defer func() {
		if f != nil {
			_ = raw.Close()
		}
	}()
	secure := &tls.Config{ServerName: c.Host, RootCAs: c.Roots, MinVersion: tls.VersionTLS12}
	top := net.Conn(raw)
	if c.Security == TLS {
		top = tls.Client(raw, secure)
	}
	if opened.client, err = protocol.NewClient(top, c.Host); err != nil {
		return nil, &failure{at: greeting, err: err}
	}
	// The sender's domain stands for us: the name of this machine is nobody's affair.
	if err := opened.client.Hello(c.From[strings.LastIndexByte(c.From, '@')+1:]); err != nil {
		return nil, &failure{at: greeting, err: err}
	}
	if err := c.secure(opened.client, secure); err != nil {
		return nil, &failure{at: greeting, err: err}
	}
	if err := c.login(opened.client); err != nil {
		return nil, &failure{at: login, err: err}
	}
	return opened, nil
}

// secure turns to TLS by STARTTLS, as far as that is wanted.
func (c Config) secure(client *protocol.Client, config *tls.Config) error {
	if c.Security != Required && c.Security != Optional {
		return nil
	}
	if offered, _ := client.Extension("STARTTLS"); !offered {
		if c.Security == Required {
			return errNoTLS
		}
		return nil
	}
	return client.StartTLS(config)
}

func (c Config) login(client *protocol.Client) error {
	if c.User == "" {
		return nil
	}
	_, offered := client.Extension("AUTH")
	mechanisms := strings.Fields(strings.ToUpper(offered))
	clear := c.Security == None || isLoopback(c.Host)
	switch {
	case slices.Contains(mechanisms, "PLAIN"):
		return client.Auth(protocol.PlainAuth("", c.User, c.Password, c.Host, clear))
	case slices.Contains(mechanisms, "LOGIN"):
		return client.Auth(protocol.LoginAuth(c.User, c.Password, c.Host, clear))
	}
	return errNoAuth
}

// until bounds what follows by ctx, until release is called, and what the server may
// say meanwhile.
func (c *connection) until(ctx context.Context) (release func()) {
	c.raw.left = maxHeard
	deadline, _ := ctx.Deadline() // none is the zero time, which means none here too
	_ = c.raw.SetDeadline(deadline)
	stop := context.AfterFunc(ctx, func() { _ = c.raw.SetDeadline(time.Unix(1, 0)) })
	return func() { stop() }
}

// send gives a mail to the server.
func (c *connection) send(ctx context.Context, e envelope) *failure {
	defer c.until(ctx)()
	plain := letter.IsASCII(e.to)
	if offered, _ := c.client.Extension("SMTPUTF8"); !plain && !offered {
		return &failure{at: recipient, unasked: "the mail server does not take addresses with other characters than ASCII"}
	}
	c.client.SkipSMTPUTF8(plain)
	c.mails++
	if err := c.client.Mail("<" + e.from + ">"); err != nil {
		return &failure{at: sender, err: err}
	}
	if c.isAhead() {
		return &failure{at: recipient, err: errAhead}
	}
	if err := c.client.Rcpt("<" + e.to + ">"); err != nil {
		return &failure{at: recipient, err: err}
	}
	if c.isAhead() {
		return &failure{at: content, err: errAhead}
	}
	data, err := c.client.Data()
	if err != nil {
		return &failure{at: content, err: err}
	}
	if _, err := data.Write(e.content); err != nil {
		return &failure{at: content, err: err}
	}
	if err := data.Close(); err != nil {
		return &failure{at: content, err: err, given: true}
	}
	return nil
}

// reset makes the connection fit for another mail after a refusal.
func (c *connection) reset(ctx context.Context) error {
	defer c.until(ctx)()
	return c.client.Reset()
}

// isAhead says whether the server has answered what nobody has asked yet. From there
// on its answers would be taken for those of other commands.
func (c *connection) isAhead() bool { return c.client.Text.R.Buffered() > 0 }

// isSilent says whether a connection that has waited can be used again: the server
// has neither closed it nor said anything unasked.
func (c *connection) isSilent() bool {
	c.raw.left = maxHeard
	_ = c.raw.SetReadDeadline(time.Now().Add(listening))
	_, err := c.client.Text.R.Peek(1)
	return errors.Is(err, os.ErrDeadlineExceeded)
}

// quit says goodbye and closes the connection.
func (c *connection) quit() {
	_ = c.raw.SetDeadline(time.Now().Add(goodbye))
	_ = c.client.Quit()
	_ = c.raw.Close()
}

const (
	// maxHeard is how many bytes a server may say at once: answers are short, a
	// certificate has some kB.
	maxHeard = 1 << 20

	// listening is long enough to see what has arrived already.
	listening = 200 * time.Microsecond
)

// bounded is a connection that gives up on a peer that talks without end.
type bounded struct {
	net.Conn
	left int // bytes that may still be read
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errEndless
	}
	n, err := b.Conn.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
