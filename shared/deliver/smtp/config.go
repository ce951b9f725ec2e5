package smtp

import (
	"crypto/x509"
	"errors"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"tocsin/shared/deliver/letter"
)

// Config says which server takes the mails, and who sends them.
type Config struct {
	Host        string // name or address of the server
	Port        string
	Security    Security
	User        string // empty to send without a login
	Password    string
	From        string         // address of the sender
	Connections int            // at once, at most
	Roots       *x509.CertPool // who may vouch for the server; nil means those of the system
}

// Security is how the way to the server is encrypted.
type Security string

// The ways. A login is sent in clear with None, and to this machine; otherwise it
// needs TLS.
const (
	TLS      Security = "tls"      // from the first byte
	Required Security = "required" // by STARTTLS, or nothing is sent
	Optional Security = "optional" // by STARTTLS if the server offers it
	None     Security = "no"
)

const (
	defaultConnections = 4
	maxConnections     = 64
)

// Read reads the settings of an operator: a URL such as
// smtp://user:password@mail.example.com:587, and the address of the sender. No
// error repeats the URL, which may hold a password.
func Read(server, from string) (Config, error) {
	c := Config{From: from, Security: Required, Connections: defaultConnections}
	if !letter.IsSender(from) {
		return Config{}, errors.New("TOCSIN_MAIL_FROM must be the bare address that mails come from, in ASCII, such as notify@example.com")
	}
	u, err := url.Parse(server)
	if err != nil || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.Fragment != "" {
		return Config{}, errors.New("TOCSIN_SMTP_URL must look like smtp://user:password@host:587 or smtps://user:password@host:465, with other characters of the password than letters and digits percent-encoded")
	}
	c.Host, c.Port = u.Hostname(), u.Port()
	port := "587"
	switch u.Scheme {
	case "smtps":
		port, c.Security = "465", TLS
	case "smtp":
		if isLoopback(c.Host) {
			c.Security = Optional
		}
	default:
		return Config{}, errors.New("TOCSIN_SMTP_URL must begin with smtp:// or smtps://")
	}
	if c.Port == "" {
		c.Port = port
	}
	if n, err := strconv.ParseUint(c.Port, 10, 16); err != nil || n == 0 {
		return Config{}, errors.New("TOCSIN_SMTP_URL: the port must be within 1 and 65535")
	}
	c.User = u.User.Username()
	var known bool
	if c.Password, known = u.User.Password(); known != (c.User != "") {
		return Config{}, errors.New("TOCSIN_SMTP_URL needs both a user and a password, or neither")
	}
	return c, c.options(u)
}

// options reads what stands behind the question mark of the URL.
func (c *Config) options(u *url.URL) error {
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return errors.New("TOCSIN_SMTP_URL: the part after the question mark cannot be read")
	}
	for name, values := range query {
		value := values[len(values)-1]
		switch name {
		case "starttls":
			c.Security = Security(value)
			if u.Scheme != "smtp" || c.Security != Required && c.Security != Optional && c.Security != None {
				return errors.New("TOCSIN_SMTP_URL: starttls is for smtp:// and must be required, optional or no")
			}
		case "connections":
			if c.Connections, err = strconv.Atoi(value); err != nil || c.Connections < 1 || c.Connections > maxConnections {
				return errors.New("TOCSIN_SMTP_URL: connections must be a number from 1 to 64")
			}
		default:
			return errors.New("TOCSIN_SMTP_URL: the only options are starttls and connections")
		}
	}
	return nil
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && addr.Unmap().IsLoopback()
}
