package smtp

import (
	"context"
	"crypto/tls"
	"net"
	"slices"
	"strings"
	"time"

	protocol "github.com/wneessen/go-mail/smtp"
)

// connection is a conversation with the server. One goroutine uses it at a time.
type connection struct {
	raw    net.Conn // below TLS
	client *protocol.Client
	mails  int         // sent through it
	idle   *time.Timer // closes it while it waits; nil before it has waited
}

// dial opens a conversation, up to and with the login. A failed one is closed.
func (c Config) dial(ctx context.Context) (_ *connection, f *failure) {
	raw, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(c.Host, c.Port))
	if err != nil {
		return nil, &failure{at: greeting, err: err}
	}
	opened := &connection{raw: raw}
	defer opened.until(ctx)()
	defer func() {
		if f != nil {
			_ = raw.Close()
		}
	}()
	secure := &tls.Config{ServerName: c.Host, RootCAs: c.Roots, MinVersion: tls.VersionTLS12}
	top := raw
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

// until bounds what follows by ctx, until release is called.
func (c *connection) until(ctx context.Context) (release func()) {
	deadline, _ := ctx.Deadline() // none is the zero time, which means none here too
	_ = c.raw.SetDeadline(deadline)
	stop := context.AfterFunc(ctx, func() { _ = c.raw.SetDeadline(time.Unix(1, 0)) })
	return func() { stop() }
}

// send gives a mail to the server.
func (c *connection) send(ctx context.Context, e envelope) *failure {
	defer c.until(ctx)()
	plain := isASCII(e.to)
	if offered, _ := c.client.Extension("SMTPUTF8"); !plain && !offered {
		return &failure{at: recipient, unasked: "the mail server does not take addresses with other characters than ASCII"}
	}
	c.client.SkipSMTPUTF8(plain)
	c.mails++
	if err := c.client.Mail("<" + e.from + ">"); err != nil {
		return &failure{at: sender, err: err}
	}
	if err := c.client.Rcpt("<" + e.to + ">"); err != nil {
		return &failure{at: recipient, err: err}
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

// quit says goodbye and closes the connection.
func (c *connection) quit() {
	_ = c.raw.SetDeadline(time.Now().Add(goodbye))
	_ = c.client.Quit()
	_ = c.raw.Close()
}
