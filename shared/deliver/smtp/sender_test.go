package smtp_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/smtp"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

const (
	topicURN     = "urn:smn:local:0123456789abcdef0123456789abcdef:disk-alerts"
	subscription = "23cf104593284665a1f98691b1576976"
	link         = "https://host.example/smn/subscription/unsubscribe?subscription_urn=" + topicURN + ":" + subscription
)

// delivery is a notification for a mail address.
func delivery(to string) deliver.Delivery {
	var d deliver.Delivery
	d.Type = wire.TypeNotification
	d.MessageID = "d84bd6629ef04513ad2e37bffd6e17cb"
	d.TopicURN = topicURN
	d.TopicDisplay = "Disk Watch"
	d.SubscriptionURN = topicURN + ":" + subscription
	d.Protocol = smn.Email
	d.Endpoint = to
	d.Subject = "Disk full"
	d.Text = "90 % full"
	d.Timestamp = time.Date(2024, 7, 10, 9, 45, 0, 0, time.UTC)
	d.UnsubscribeURL = link
	return d
}

var delivered = deliver.Outcome{Result: deliver.Delivered, Status: 250}

func sender(t *testing.T, c smtp.Config) *smtp.Sender {
	s := smtp.New(c)
	t.Cleanup(s.Close)
	return s
}

func TestOneConnectionForManyMails(t *testing.T) {
	server, c := start(t, nil)
	s := sender(t, c)
	for n := range 10 {
		require.Equal(t, delivered, s.Send(t.Context(), delivery(fmt.Sprintf("ann%d@example.org", n))))
	}
	mails := server.all()
	require.Len(t, mails, 10)
	require.Equal(t, "notify@example.com", mails[3].from)
	require.Equal(t, "ann3@example.org", mails[3].to)
	require.True(t, mails[3].tls, "STARTTLS")
	require.False(t, mails[3].utf8, "it is not asked for where it is not needed")
	sessions, _ := server.counts()
	require.Equal(t, 2, sessions, "one before STARTTLS, one after")
}

func TestTLSFromTheFirstByte(t *testing.T) {
	server, c := start(t, func(s *mailServer) { s.implicit = true })
	require.Equal(t, delivered, sender(t, c).Send(t.Context(), delivery("ann@example.org")))
	require.True(t, server.all()[0].tls)
}

func TestLogin(t *testing.T) {
	for _, mechanism := range []string{"PLAIN", "LOGIN"} {
		server, c := start(t, func(s *mailServer) { s.mechanisms = []string{"XOAUTH2", mechanism} })
		c.User, c.Password = "me", "p:w@d é"
		require.Equal(t, delivered, sender(t, c).Send(t.Context(), delivery("ann@example.org")), mechanism)
		require.Equal(t, "me", server.all()[0].user)

		c.Password = "wrong"
		require.Equal(t, deliver.Outcome{Result: deliver.Again, Status: 535, Reason: "the mail server refused the login (5.7.8)"},
			sender(t, c).Send(t.Context(), delivery("ann@example.org")), "the mail has no part in that")
	}
	_, c := start(t, func(s *mailServer) { s.mechanisms = []string{"GSSAPI"} })
	c.User, c.Password = "me", "p:w@d é"
	o := sender(t, c).Send(t.Context(), delivery("ann@example.org"))
	require.Equal(t, deliver.Outcome{Result: deliver.Again, Reason: "the mail server offers neither AUTH PLAIN nor AUTH LOGIN"}, o)
}

// TestNothingInClear: what is to be encrypted is not sent otherwise.
func TestNothingInClear(t *testing.T) {
	server, c := start(t, func(s *mailServer) { s.TLSConfig = nil })
	o := sender(t, c).Send(t.Context(), delivery("ann@example.org"))
	require.Equal(t, deliver.Outcome{Result: deliver.Again, Reason: "the mail server offers no STARTTLS"}, o)
	c.Security = smtp.Optional
	require.Equal(t, delivered, sender(t, c).Send(t.Context(), delivery("ann@example.org")))
	require.False(t, server.all()[0].tls)

	server, c = start(t, nil)
	c.Security = smtp.Optional
	require.Equal(t, delivered, sender(t, c).Send(t.Context(), delivery("ann@example.org")))
	require.True(t, server.all()[0].tls)
	c.Security = smtp.None
	require.Equal(t, delivered, sender(t, c).Send(t.Context(), delivery("ann@example.org")))
	require.False(t, server.all()[1].tls)
}

func TestThePasswordIsNotSentInClear(t *testing.T) {
	c, heard := script(t, func(_ int, line string) string {
		if strings.HasPrefix(line, "EHLO") {
			return "250-mail.example.com\r\n250 AUTH PLAIN LOGIN"
		}
		return polite(line)
	})
	// It leads to this machine, and is not known to.
	c.Host, c.Security, c.User, c.Password = "0.0.0.0", smtp.Optional, "me", "secret"
	o := sender(t, c).Send(t.Context(), delivery("ann@example.org"))
	require.Equal(t, deliver.Outcome{Result: deliver.Again, Reason: "the mail server offers no TLS, and the password is not sent without"}, o)
	require.NotContains(t, strings.Join(heard(), "\n"), "AUTH")
}

func TestStrangeCertificates(t *testing.T) {
	_, c := start(t, nil)
	_, c.Roots = authority(t, "127.0.0.1")
	o := sender(t, c).Send(t.Context(), delivery("ann@example.org"))
	require.Equal(t, deliver.Outcome{Result: deliver.Again, Reason: "the certificate of the mail server is not trusted"}, o)

	_, c = start(t, func(s *mailServer) {
		certificate, _ := authority(t, "127.0.0.2")
		s.TLSConfig.Certificates[0] = certificate
	})
	require.Equal(t, o, sender(t, c).Send(t.Context(), delivery("ann@example.org")), "that is another host's")
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		code     int
		enhanced gosmtp.EnhancedCode
		result   deliver.Result
		reason   string
	}{
		{421, gosmtp.EnhancedCode{4, 3, 2}, deliver.Again, "put % off (4.3.2)"},
		{450, gosmtp.EnhancedCode{4, 2, 1}, deliver.Again, "put % off (4.2.1)"},
		{452, gosmtp.NoEnhancedCode, deliver.Again, "put % off"},
		{550, gosmtp.EnhancedCode{5, 1, 1}, deliver.Dead, "refused % (5.1.1)"},
		{554, gosmtp.NoEnhancedCode, deliver.Dead, "refused %"},
		{530, gosmtp.EnhancedCode{5, 7, 0}, deliver.Again, "refused % (5.7.0)"},
	} {
		refusal := &gosmtp.SMTPError{Code: c.code, EnhancedCode: c.enhanced, Message: "<ann@example.org> secret words"}
		for what, change := range map[string]func(*mailServer){
			"the recipient": func(s *mailServer) {
				s.rcpt = func(to string) error {
					if to == "ann@example.org" {
						return refusal
					}
					return nil
				}
			},
			"the mail": func(s *mailServer) {
				var times atomic.Int32
				s.data = func() error {
					if times.Add(1) == 1 {
						return refusal
					}
					return nil
				}
			},
		} {
			server, config := start(t, change)
			s := sender(t, config)
			want := deliver.Outcome{Result: c.result, Status: c.code, Reason: "the mail server " + strings.ReplaceAll(c.reason, "%", what)}
			require.Equal(t, want, s.Send(t.Context(), delivery("ann@example.org")))
			require.Equal(t, delivered, s.Send(t.Context(), delivery("bob@example.org")))
			sessions, _ := server.counts()
			if c.code != 421 {
				require.Equal(t, 2, sessions, "the connection is kept")
			}
		}
	}
}

func TestGreetings(t *testing.T) {
	for greeting, want := range map[string]deliver.Outcome{
		"421 4.7.0 ann@example.org": {Result: deliver.Again, Status: 421, Reason: "the mail server put the connection off (4.7.0)"},
		"554 no":                    {Result: deliver.Again, Status: 554, Reason: "the mail server refused the connection"},
		"HTTP/1.1 400 Bad Request":  {Result: deliver.Again, Reason: "no readable answer of the mail server"},
		"250 what":                  {Result: deliver.Again, Reason: "no readable answer of the mail server"},
		"":                          {Result: deliver.Again, Reason: "the mail server closed the connection"},
	} {
		c, _ := script(t, func(int, string) string { return greeting })
		require.Equal(t, want, sender(t, c).Send(t.Context(), delivery("ann@example.org")), greeting)
	}
}

// TestAServerThatClosesKeptConnections: nobody sees that.
func TestAServerThatClosesKeptConnections(t *testing.T) {
	for name, goodbye := range map[string]string{"without a word": "", "with 421": "421 4.4.2 idle for too long"} {
		var mails [9]atomic.Int32 // by connection
		c, heard := script(t, func(n int, line string) string {
			if line == "." {
				mails[n].Add(1)
			}
			if mails[n].Load() == 1 && strings.HasPrefix(line, "MAIL") {
				return goodbye
			}
			return polite(line)
		})
		s := sender(t, c)
		for n := range 3 {
			require.Equal(t, delivered, s.Send(t.Context(), delivery("ann@example.org")), "%s: mail %d", name, n)
		}
		all := strings.Join(heard(), "\n")
		require.Equal(t, 3, strings.Count(all, " DATA"), "each is sent once")
		require.Contains(t, all, "2 DATA", "through a connection of its own")
	}
}

// TestAServerThatAnswersTooMuch: its answers to one mail are not taken for those to the
// next one, which would be dead.
func TestAServerThatAnswersTooMuch(t *testing.T) {
	for name, surplus := range map[string]struct {
		after, text string
	}{
		"behind a mail":   {".", "250 taken\r\n250 taken\r\n550 no such mailbox"},
		"behind a sender": {"MAIL", "250 fine\r\n550 no such mailbox"},
		"behind a person": {"RCPT", "250 fine\r\n554 no valid recipients"},
	} {
		c, heard := script(t, func(n int, line string) string {
			if n == 0 && strings.HasPrefix(line, surplus.after) {
				return surplus.text
			}
			return polite(line)
		})
		s := sender(t, c)
		results := []deliver.Outcome{s.Send(t.Context(), delivery("ann@example.org")), s.Send(t.Context(), delivery("bob@example.org"))}
		if surplus.after == "." {
			require.Equal(t, []deliver.Outcome{delivered, delivered}, results, name)
		} else { // a fresh connection is not tried twice
			ahead := deliver.Outcome{Result: deliver.Again, Reason: "the mail server answered what it was not asked"}
			require.Equal(t, []deliver.Outcome{ahead, delivered}, results, name)
		}
		require.Contains(t, heard(), "1 RCPT TO:<bob@example.org>", name)
	}
}

// TestAServerThatTalksWithoutEnd: it fills no memory.
func TestAServerThatTalksWithoutEnd(t *testing.T) {
	c, _ := script(t, func(_ int, line string) string {
		if line == "" {
			return strings.Repeat("220-"+strings.Repeat("x", 500)+"\r\n", 4_000) + "220 ready"
		}
		return polite(line)
	})
	o := sender(t, c).Send(t.Context(), delivery("ann@example.org"))
	require.Equal(t, deliver.Outcome{Result: deliver.Again, Reason: "the mail server says too much"}, o)
}

// TestAServerThatDiesWithTheMailInHand: it may have taken it, so it is for the
// worker to say when to try again.
func TestAServerThatDiesWithTheMailInHand(t *testing.T) {
	c, heard := script(t, func(n int, line string) string {
		if n == 0 && line == "." {
			return ""
		}
		return polite(line)
	})
	s := sender(t, c)
	require.Equal(t, deliver.Outcome{Result: deliver.Again, Reason: "the mail server closed the connection"},
		s.Send(t.Context(), delivery("ann@example.org")))
	require.Equal(t, 1, strings.Count(strings.Join(heard(), "\n"), " DATA"))
	require.Equal(t, delivered, s.Send(t.Context(), delivery("ann@example.org")))
}

// TestAFreshConnectionIsNotTriedTwice: a server that is in trouble is left alone.
func TestAFreshConnectionIsNotTriedTwice(t *testing.T) {
	c, heard := script(t, func(_ int, line string) string {
		if strings.HasPrefix(line, "RCPT") {
			return "421 4.3.0 overloaded"
		}
		return polite(line)
	})
	o := sender(t, c).Send(t.Context(), delivery("ann@example.org"))
	require.Equal(t, deliver.Outcome{Result: deliver.Again, Status: 421, Reason: "the mail server put the recipient off (4.3.0)"}, o)
	require.Equal(t, 1, strings.Count(strings.Join(heard(), "\n"), "EHLO"))
}

// TestBareServer: HELO alone, and neither 8BITMIME nor anything else.
func TestBareServer(t *testing.T) {
	c, heard := script(t, func(_ int, line string) string {
		if strings.HasPrefix(line, "EHLO") {
			return "502 not here"
		}
		return polite(line)
	})
	d := delivery("ann@example.org")
	d.Subject, d.TopicDisplay, d.Text = "磁盘已满", "磁盘", "已用 90 %\n"+strings.Repeat("x", 5_000)+"\n.\n..\r\nFrom me"
	require.Equal(t, delivered, sender(t, c).Send(t.Context(), d))
	for _, line := range heard() {
		require.LessOrEqual(t, len(line), 200, "the longest is the link to unsubscribe")
		for _, r := range line {
			require.Less(t, r, rune(128), line)
		}
	}
	require.Contains(t, heard(), "0 HELO example.com", "the sender's domain")
	require.Contains(t, heard(), "0 MAIL FROM:<notify@example.com>")
}

func TestAddressesBeyondASCII(t *testing.T) {
	server, c := start(t, func(s *mailServer) { s.EnableSMTPUTF8 = true })
	s := sender(t, c)
	require.Equal(t, delivered, s.Send(t.Context(), delivery("jörg@example.org")))
	require.Equal(t, delivered, s.Send(t.Context(), delivery("ann@example.org")))
	require.Equal(t, "jörg@example.org", server.all()[0].to)
	require.Contains(t, server.all()[0].content, "To: <jörg@example.org>\r\n")
	require.True(t, server.all()[0].utf8)
	require.False(t, server.all()[1].utf8)

	server, c = start(t, nil)
	s = sender(t, c)
	require.Equal(t, deliver.Outcome{Result: deliver.Dead, Reason: "the mail server does not take addresses with other characters than ASCII"},
		s.Send(t.Context(), delivery("jörg@example.org")))
	require.Equal(t, delivered, s.Send(t.Context(), delivery("ann@example.org")))
	sessions, _ := server.counts()
	require.Equal(t, 2, sessions, "the connection is kept")
}

func TestEndpointsThatAreNoAddresses(t *testing.T) {
	s := sender(t, smtp.Config{Host: "127.0.0.1", Port: "1", From: "notify@example.com"})
	for _, endpoint := range []string{
		"", "ann", "ann@", "@example.org", "ann@example.org, bob@example.org", "<ann@example.org>", "Ann <ann@example.org>",
		"ann@example.org>\r\nRCPT TO:<bob@example.org", "ann@example.org\nBcc: bob@example.org", `"a b"@example.org`,
		"ann@exa mple.org", strings.Repeat("a", 250) + "@b.org",
	} {
		require.Equal(t, deliver.Outcome{Result: deliver.Dead, Reason: "the endpoint is not a mail address"},
			s.Send(t.Context(), delivery(endpoint)), "%q", endpoint)
	}
}

func TestManyAtOnceShareAFewConnections(t *testing.T) {
	server, c := start(t, nil)
	c.Security = smtp.None
	s := sender(t, c)
	var wg sync.WaitGroup
	outcomes := make([]deliver.Outcome, 100)
	for n := range outcomes {
		wg.Go(func() { outcomes[n] = s.Send(t.Context(), delivery(fmt.Sprintf("ann%d@example.org", n))) })
	}
	wg.Wait()
	for _, o := range outcomes {
		require.Equal(t, delivered, o)
	}
	to := map[string]bool{}
	for _, m := range server.all() {
		to[m.to] = true
		require.Contains(t, m.content, "To: <"+m.to+">\r\n", "mails do not mix")
	}
	require.Len(t, to, len(outcomes))
	_, most := server.counts()
	require.LessOrEqual(t, most, 4)
}

func TestAServerThatIsNotThere(t *testing.T) {
	c := settings(t, "smtp://", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, "")
	require.Equal(t, deliver.Outcome{Result: deliver.Again, Reason: "the mail server refused the connection"},
		sender(t, c).Send(t.Context(), delivery("ann@example.org")))
	c.Host = "mail.invalid"
	require.Equal(t, deliver.Outcome{Result: deliver.Again, Reason: "the name of the mail server could not be looked up"},
		sender(t, c).Send(t.Context(), delivery("ann@example.org")))
}

// TestAnAttemptEndsWithItsContext: a server that says nothing keeps nobody.
func TestAnAttemptEndsWithItsContext(t *testing.T) {
	hang := make(chan struct{})
	asked := make(chan struct{}, 9)
	c, _ := script(t, func(_ int, line string) string {
		if strings.HasPrefix(line, "RCPT") {
			asked <- struct{}{}
			<-hang
			return ""
		}
		return polite(line)
	})
	t.Cleanup(func() { close(hang) })
	s := sender(t, c)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	require.Equal(t, deliver.Outcome{Result: deliver.Again, Reason: "the attempt was broken off"}, s.Send(ctx, delivery("ann@example.org")))

	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	o := s.Send(ctx, delivery("ann@example.org"))
	require.Equal(t, deliver.Again, o.Result)
	require.Contains(t, o.Reason, "no answer of the mail server")
}

func TestWaitingForAConnection(t *testing.T) {
	hang, asked := make(chan struct{}), make(chan struct{}, 1)
	c, _ := script(t, func(_ int, line string) string {
		if line == "." {
			asked <- struct{}{}
			<-hang
		}
		return polite(line)
	})
	c.Connections = 1
	s := sender(t, c)
	first := make(chan deliver.Outcome)
	go func() { first <- s.Send(t.Context(), delivery("ann@example.org")) }()
	<-asked
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Equal(t, deliver.Outcome{Result: deliver.Again, Reason: "all connections to the mail server were busy"},
		s.Send(ctx, delivery("bob@example.org")))
	close(hang)
	require.Equal(t, delivered, <-first)
	require.Equal(t, delivered, s.Send(t.Context(), delivery("bob@example.org")))
}

func TestConnectionsAreGivenBack(t *testing.T) {
	gone := make(chan struct{}, 9)
	c, heard := script(t, func(_ int, line string) string {
		if line == "QUIT" {
			gone <- struct{}{}
		}
		return polite(line)
	})
	s := smtp.New(c)
	require.Equal(t, delivered, s.Send(t.Context(), delivery("ann@example.org")))
	s.Close()
	<-gone
	require.Equal(t, delivered, s.Send(t.Context(), delivery("ann@example.org")), "a mail in hand is still sent")
	<-gone
	require.Contains(t, heard(), "1 QUIT")

	s = sender(t, c)
	for range 101 {
		require.Equal(t, delivered, s.Send(t.Context(), delivery("ann@example.org")))
	}
	require.Contains(t, heard(), "2 QUIT", "after a hundred mails")
	require.Contains(t, heard(), "3 DATA")
}

// TestSecretsStayOut of what an outcome says.
func TestSecretsStayOut(t *testing.T) {
	server, c := start(t, func(s *mailServer) {
		s.mechanisms = []string{"PLAIN"}
		s.rcpt = func(to string) error { return errors.New("no such user: " + to) }
	})
	c.User, c.Password = "me", "p:w@d é"
	o := sender(t, c).Send(t.Context(), delivery("ann@example.org"))
	require.NotEqual(t, deliver.Delivered, o.Result)
	require.NotContains(t, o.Reason, "ann")
	require.Empty(t, server.all())
}
