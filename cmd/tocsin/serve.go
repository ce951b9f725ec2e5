package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"log/slog"
	"os"

	"tocsin/shared/iam"
	"tocsin/shared/smn"
)

type serveCommand struct {
	Addr string `help:"Address to listen on (default ${default})." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	Data string `help:"Folder of the embedded store (default ${default})." default:"data" type:"path" placeholder:"DIR"`
	settings

	TLS         tlsSettings `embed:"" prefix:"tls-"`
	MetricsAddr string      `env:"TOCSIN_METRICS_ADDR" help:"Another address, at which GET /metrics is shown to everybody; without it to this machine only." placeholder:"HOST:PORT"`
	Credentials string      `env:"TOCSIN_CREDENTIALS" help:"File with users and projects, YAML or JSON, in place of the one user." type:"path" placeholder:"FILE"`

	Delivery bool `env:"TOCSIN_DELIVERY" default:"true" negatable:"" help:"Deliver; without it messages and confirmations are accepted and wait."`

	Sample string `help:"Name of a topic to make sure of; its curl lines are printed." placeholder:"NAME"`
}

// chosen are the settings, those that belong to serving included.
func (c *serveCommand) chosen() settings {
	s := c.settings
	s.addr, s.data, s.credentials, s.tls, s.metricsAddr = c.Addr, c.Data, c.Credentials, c.TLS, c.MetricsAddr
	s.paused = !c.Delivery
	return s
}

// Run serves until it is interrupted.
func (c *serveCommand) Run(ctx context.Context) error {
	lines := newLineBuffer(os.Stderr)
	defer lines.flush()
	log := slog.New(newLineHandler(lines))
	tuneMemory()
	// Go's HTTP tells its own logger what endpoints say unasked, which may be anything.
	stdlog.SetOutput(io.Discard)
	if c.Sample != "" && c.Credentials != "" {
		return errors.New("-sample is for the one user of the settings: leave it out with TOCSIN_CREDENTIALS")
	}
	h, err := openHouse(ctx, c.chosen(), log)
	if err != nil {
		return err
	}
	if c.Sample != "" {
		if err := h.welcome(ctx, c.Sample); err != nil {
			return fmt.Errorf("sample topic: %w", err)
		}
	}
	log.LogAttrs(ctx, slog.LevelInfo, "listening", slog.String("address", h.listener.Addr().String()), slog.String("data", h.settings.data), slog.String("version", version()))
	return h.serve(ctx)
}

// welcome makes sure of a sample topic and prints how to use it.
func (h *house) welcome(ctx context.Context, name string) error {
	account := h.settings.account()
	project := account.Projects[0]
	ctx = smn.WithCaller(ctx, smn.Caller{Project: project.ID, Domain: account.Domain.ID, User: account.ID})
	topic, err := h.broker.CreateTopic(ctx, smn.CreateTopicInput{Name: name, DisplayName: "Tocsin sample"})
	if err != nil {
		return err
	}
	login := iam.TokenRequest{Methods: []string{iam.MethodPassword}}
	login.User = iam.Login{Name: account.Name, Domain: account.Domain, Password: h.settings.Password}
	token, err := h.identity.IssueToken(ctx, login)
	if err != nil {
		return err
	}
	trust := ""
	if h.selfSigned != nil {
		trust = "\nexport CURL_CA_BUNDLE=" + h.selfSigned.cert
	}
	fmt.Printf(`
Tocsin listens on %[1]s

  project  %[2]s
  topic    %[3]s

Copy and paste into another terminal; the token is valid for 24 hours:

export TOCSIN_URL=%[1]s/v2/%[2]s/notifications
export TOCSIN_TOKEN=%[4]s%[6]s

# 1. create a topic (201 new, 200 there already)
curl -sS -X POST $TOCSIN_URL/topics -H "X-Auth-Token: $TOCSIN_TOKEN" -d '{"name":%[5]q,"display_name":"Tocsin sample"}'
# 2. subscribe a mail address (mails are kept in the outbox as long as no mail server is configured)
curl -sS -X POST $TOCSIN_URL/topics/%[3]s/subscriptions -H "X-Auth-Token: $TOCSIN_TOKEN" -d '{"protocol":"email","endpoint":"you@example.com"}'
# 3. confirm: press the button of the newest confirmation
sleep 1; curl -sS -X POST "$(curl -sS %[1]s/_local/outbox | grep '"subscribe_url"' | head -1 | cut -d'"' -f4)"
# 4. list the subscriptions
curl -sS $TOCSIN_URL/topics/%[3]s/subscriptions -H "X-Auth-Token: $TOCSIN_TOKEN"
# 5. publish, and see what arrived
curl -sS -X POST $TOCSIN_URL/topics/%[3]s/publish -H "X-Auth-Token: $TOCSIN_TOKEN" -d '{"subject":"Hello","message":"It works."}'
sleep 1; curl -sS %[1]s/_local/outbox

Ctrl-C stops it.

`, h.settings.PublicURL, project.ID, topic.URN, token.Value, name, trust)
	return nil
}
