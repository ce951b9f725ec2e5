package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"tocsin/shared/deliver/function"
	"tocsin/shared/embedded"
	"tocsin/shared/iam"
	"tocsin/shared/smn"
)

// settings are what an installation can choose, by flag or by environment
// variable; docs/configuration.md is their table.
type settings struct {
	addr        string // to listen on
	data        string // folder of the embedded store
	credentials string // file with users and projects; empty: the one user below
	paused      bool   // accept and store, but deliver nothing

	tls         tlsSettings
	metricsAddr string // where metrics are shown to everybody; empty for nowhere

	functions function.Addresses // what Functions says
	roots     *x509.CertPool     // what CAFile adds to; nil means the system's
	proxy     *url.URL           // what Proxy says; nil for none

	waysOut

	Region      string `env:"TOCSIN_REGION" default:"local" help:"Region in URNs."`
	ProjectID   string `env:"TOCSIN_PROJECT_ID" default:"0123456789abcdef0123456789abcdef" help:"Id of the project: 32 hex characters."`
	ProjectName string `env:"TOCSIN_PROJECT_NAME" help:"Name of the project; the region unless set."`
	Domain      string `env:"TOCSIN_DOMAIN" default:"tocsin" help:"Account of the user."`
	User        string `env:"TOCSIN_USER" default:"admin" help:"User that may log in."`
	Password    string `env:"TOCSIN_PASSWORD" default:"${defaultPassword}" help:"Password of the user; better by environment than by flag."`
	AccessKey   string `env:"TOCSIN_ACCESS_KEY" default:"LOCALACCESSKEY" help:"Access key for signed requests."`
	SecretKey   string `env:"TOCSIN_SECRET_KEY" default:"${defaultSecretKey}" help:"Its secret; better by environment than by flag."`

	PublicURL             string        `env:"TOCSIN_PUBLIC_URL" help:"Scheme and host that links in messages point to; the listening address unless set." placeholder:"URL"`
	AllowPrivateEndpoints *bool         `env:"TOCSIN_ALLOW_PRIVATE_ENDPOINTS" negatable:"" help:"May endpoints be private addresses? Unless set: yes when listening on loopback."`
	Functions             string        `env:"TOCSIN_FUNCTIONS" help:"Where functions are called: a JSON object of URL by URN, or a file that holds one." placeholder:"JSON|FILE"`
	CAFile                string        `name:"ca-file" env:"TOCSIN_CA_FILE" help:"PEM file of certificates that endpoints, the mail server and the SMS gateway may be trusted by, beside those of the system." placeholder:"FILE"`
	Proxy                 string        `env:"TOCSIN_PROXY" help:"Proxy that endpoints are called through; better by environment than by flag." placeholder:"URL"`
	Retention             time.Duration `env:"TOCSIN_RETENTION" default:"336h" help:"How long a message and its report are kept after its time to live."`
	MailPerHour           int           `env:"TOCSIN_MAIL_PER_HOUR" default:"100" help:"Notifications that one mail address gets in an hour; what is more waits. 0: no limit."`
	SMSPerHour            int           `env:"TOCSIN_SMS_PER_HOUR" default:"60" help:"SMS and calls that one number gets in an hour; what is more waits. 0: no limit."`
	SMSPerHalfDay         int           `env:"TOCSIN_SMS_PER_HALF_DAY" default:"200" help:"The same in twelve hours. 0: no limit."`
	MaxBacklog            int64         `env:"TOCSIN_MAX_BACKLOG" default:"1000000" help:"Tasks waiting in the store beyond which publishing answers 503; 0 for no bound."`
	Durability            string        `env:"TOCSIN_DURABILITY" default:"full" enum:"full,normal" help:"full: what was answered survives a power cut. normal: faster, it survives a crash."`
}

// The well-known secrets of a laptop, which are refused on an open address.
const (
	defaultPassword  = "admin"
	defaultSecretKey = "LOCALSECRETKEY"
)

// complete fills in what follows from the address that was taken, and refuses
// what would be unsafe there.
func (s *settings) complete(addr net.Addr) error {
	local, err := netip.ParseAddrPort(addr.String())
	if err != nil {
		return fmt.Errorf("listen on %s: %w", addr, err)
	}
	loopback := local.Addr().Unmap().IsLoopback()
	if s.PublicURL != "" {
		u, err := url.Parse(s.PublicURL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
			return errors.New("TOCSIN_PUBLIC_URL must be scheme and host, such as https://notify.example.com")
		}
		s.PublicURL = strings.TrimRight(s.PublicURL, "/")
	}
	if err := s.tls.check(); err != nil {
		return err
	}
	switch {
	case !smn.IsRegion(s.Region):
		return errors.New("TOCSIN_REGION must have 1 to 64 lower-case letters, digits and hyphens")
	case !smn.IsID(s.ProjectID):
		return errors.New("TOCSIN_PROJECT_ID must have 32 lower-case hex characters")
	case s.MaxBacklog < 0:
		return errors.New("TOCSIN_MAX_BACKLOG cannot be negative")
	case s.Retention < 0:
		return errors.New("TOCSIN_RETENTION cannot be negative")
	case s.MailPerHour < 0, s.SMSPerHour < 0, s.SMSPerHalfDay < 0:
		return errors.New("TOCSIN_MAIL_PER_HOUR, TOCSIN_SMS_PER_HOUR and TOCSIN_SMS_PER_HALF_DAY cannot be negative; 0 is no limit")
	case s.credentials != "" && s.user() != laptop:
		return errors.New("TOCSIN_CREDENTIALS replaces TOCSIN_DOMAIN, TOCSIN_USER, TOCSIN_PASSWORD, TOCSIN_ACCESS_KEY, TOCSIN_SECRET_KEY, TOCSIN_PROJECT_ID and TOCSIN_PROJECT_NAME: unset them")
	case s.credentials == "" && !loopback && (s.Password == defaultPassword || s.SecretKey == defaultSecretKey):
		return errors.New("listening beyond loopback with a well-known password or key is refused: set TOCSIN_PASSWORD and TOCSIN_ACCESS_KEY, TOCSIN_SECRET_KEY, or TOCSIN_CREDENTIALS")
	case local.Addr().IsUnspecified() && s.PublicURL == "":
		return errors.New("listening on every address needs TOCSIN_PUBLIC_URL: the links in messages must point to one that endpoints can reach")
	}
	if s.PublicURL == "" {
		s.PublicURL = "http://" + addr.String()
		if s.tls.enabled() {
			s.PublicURL = "https://" + addr.String()
		}
	}
	if s.ProjectName == "" {
		s.ProjectName = s.Region
	}
	if s.AllowPrivateEndpoints == nil {
		s.AllowPrivateEndpoints = &loopback
	}
	if err := s.read(); err != nil {
		return err
	}
	if s.functions, err = readFunctions(s.Functions); err != nil {
		return err
	}
	if s.roots, err = readRoots(s.CAFile); err != nil {
		return err
	}
	s.proxy, err = readProxy(s.Proxy)
	return err
}

// user is the one user that the settings name.
func (s *settings) user() iam.OneUser {
	return iam.OneUser{
		Domain:      s.Domain,
		User:        s.User,
		Password:    s.Password,
		AccessKey:   s.AccessKey,
		SecretKey:   s.SecretKey,
		ProjectID:   s.ProjectID,
		ProjectName: s.ProjectName,
	}
}

// laptop is the user that nobody has named: that of the defaults.
var laptop = iam.OneUser{
	Domain: "tocsin", User: "admin", Password: defaultPassword,
	AccessKey: "LOCALACCESSKEY", SecretKey: defaultSecretKey,
	ProjectID: "0123456789abcdef0123456789abcdef",
}

func (s *settings) account() iam.User { return s.user().Account() }

func (s *settings) durability() embedded.Durability {
	if s.Durability == "normal" {
		return embedded.Normal
	}
	return embedded.Full
}
