package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"

	"tocsin/shared/mns"
	"tocsin/shared/smn"
	"tocsin/shared/validation"
)

// parsed are the settings as the command line and the environment give them.
func parsed(t *testing.T, args ...string) *serveCommand {
	t.Helper()
	var c commands
	parser, err := kong.New(&c, kong.Vars{"defaultPassword": defaultPassword, "defaultSecretKey": defaultSecretKey})
	require.NoError(t, err)
	_, err = parser.Parse(longFlags(append([]string{"serve"}, args...)))
	require.NoError(t, err)
	c.Serve.settings = c.Serve.chosen()
	return &c.Serve
}

func TestSettings(t *testing.T) {
	t.Setenv("TOCSIN_REGION", "eu-1")
	t.Setenv("TOCSIN_DURABILITY", "normal")
	s := parsed(t, "-addr", "127.0.0.1:9999", "-user", "ops").settings
	require.NoError(t, s.complete(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9999}))
	require.Equal(t, "eu-1", s.Region)
	require.Equal(t, "eu-1", s.ProjectName, "the project is named after the region")
	require.Equal(t, "ops", s.User)
	require.Equal(t, "admin", s.Password)
	require.Equal(t, "http://127.0.0.1:9999", s.PublicURL)
	require.True(t, *s.AllowPrivateEndpoints)
	require.Equal(t, "normal", s.Durability)
	require.Equal(t, []int{100, 60, 200}, []int{s.MailPerHour, s.SMSPerHour, s.SMSPerHalfDay})
	s = parsed(t, "-no-allow-private-endpoints").settings
	require.NoError(t, s.complete(&net.TCPAddr{IP: net.IPv6loopback, Port: 1}))
	require.False(t, *s.AllowPrivateEndpoints)
}

func TestOpenAddressNeedsOwnSecrets(t *testing.T) {
	open := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80}
	s := parsed(t).settings
	require.ErrorContains(t, s.complete(open), "TOCSIN_PASSWORD")
	s = parsed(t, "-password", "own").settings
	require.ErrorContains(t, s.complete(open), "TOCSIN_SECRET_KEY")
	s = parsed(t, "-password", "own", "-secret-key", "own").settings
	require.NoError(t, s.complete(open))
	require.False(t, *s.AllowPrivateEndpoints)
	s = parsed(t, "-password", "own", "-secret-key", "own").settings
	require.ErrorContains(t, s.complete(&net.TCPAddr{IP: net.IPv4zero, Port: 80}), "TOCSIN_PUBLIC_URL")
}

func TestDemo(t *testing.T) {
	require.NoError(t, run(t.Context(), []string{"demo"}, io.Discard))
	require.NoError(t, run(t.Context(), []string{"demo", "-mns"}, io.Discard))
}

// TestServe starts the house, looks at its own pages, and closes it.
func TestServe(t *testing.T) {
	s := parsed(t, "-addr", "127.0.0.1:0", "-data", t.TempDir()).settings
	var log bytes.Buffer
	h, err := openHouse(t.Context(), s, slog.New(slog.NewJSONHandler(&log, nil)))
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- h.serve(ctx) }()

	status, body := get(t, h.settings.PublicURL+"/healthz", nil)
	require.Equal(t, http.StatusOK, status)
	require.Regexp(t, `(?s)^{\s+"status": "ok",\s+"backlog": 0,\s+"oldest_seconds": 0,\s+"dead_24h": 0,\s+"database_bytes": [1-9]`, body)
	status, body = get(t, h.settings.PublicURL+"/_local/outbox", nil)
	require.Equal(t, http.StatusOK, status)
	require.JSONEq(t, `{"mails":[]}`, body)
	for name, r := range map[string]func(*http.Request){
		"a web page":                  func(r *http.Request) { r.Host = "evil.example.com" },
		"a proxy":                     func(r *http.Request) { r.Header.Set("X-Forwarded-For", "203.0.113.1") },
		"a proxy with another header": func(r *http.Request) { r.Header.Set("Forwarded", "for=203.0.113.1") },
		"a proxy that adds a line": func(r *http.Request) {
			r.Host = "localhost"
			r.Header["X-Forwarded-For"] = []string{"", "203.0.113.1"}
		},
	} {
		for _, page := range []string{"/_local/outbox", "/_local/status", "/metrics"} {
			status, _ = get(t, h.settings.PublicURL+page, r)
			require.Equal(t, http.StatusForbidden, status, name)
		}
		status, body = get(t, h.settings.PublicURL+"/healthz", r)
		require.Equal(t, http.StatusOK, status, name)
		require.JSONEq(t, `{"status":"ok"}`, body, "numbers are nobody else's affair")
	}
	status, _ = get(t, h.settings.PublicURL+"/_local/other", nil)
	require.Equal(t, http.StatusNotFound, status)

	second := s
	second.addr = "127.0.0.1:0"
	_, err = openHouse(t.Context(), second, slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "in use by another process")

	for _, name := range []string{"token.key", "signing.pem"} {
		info, err := os.Stat(filepath.Join(s.data, "secrets", name))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), name)
	}
	stop()
	require.NoError(t, <-served)
	require.NotContains(t, log.String(), "ERROR")
}

func get(t *testing.T, url string, change func(*http.Request)) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	if change != nil {
		change(r)
	}
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(body)
}

// TestWithoutDelivery: what is accepted waits, and goes out when a later run delivers.
func TestWithoutDelivery(t *testing.T) {
	const subscribers = 20
	data := t.TempDir()
	during := func(args []string, do func(h *house)) {
		h, err := openHouse(t.Context(), parsed(t, append(args, "-addr", "127.0.0.1:0", "-data", data)...).settings, slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		ctx, stop := context.WithCancel(t.Context())
		served := make(chan error, 1)
		go func() { served <- h.serve(ctx) }()
		do(h)
		stop()
		require.NoError(t, <-served)
	}
	mails := func(h *house) int {
		status, body := get(t, h.settings.PublicURL+"/_local/outbox", nil)
		require.Equal(t, http.StatusOK, status)
		return strings.Count(body, `"subscribe_url"`)
	}
	t.Setenv("TOCSIN_DELIVERY", "false")
	during(nil, func(h *house) {
		account := h.settings.account()
		ctx := smn.WithCaller(t.Context(), smn.Caller{Project: account.Projects[0].ID, Domain: account.Domain.ID, User: account.ID})
		topic, err := h.broker.CreateTopic(ctx, smn.CreateTopicInput{Name: "waits"})
		require.NoError(t, err)
		for i := range subscribers {
			_, err := h.broker.Subscribe(ctx, smn.SubscribeInput{TopicURN: topic.URN, NewSubscription: smn.NewSubscription{
				Protocol: smn.Email, Endpoint: fmt.Sprint("n", i, "@example.com"),
			}})
			require.NoError(t, err)
		}
		require.Zero(t, mails(h))
	})
	during([]string{"-delivery"}, func(h *house) {
		eventually(t, "the confirmations", func() bool { return mails(h) == subscribers })
	})
}

// TestInterrupt stops the real process as Ctrl-C does: cleanly.
func TestInterrupt(t *testing.T) {
	data := t.TempDir()
	p := launch(t, data)
	_, err := localClient(t, p).CreateTopic(t.Context(), smn.CreateTopicInput{Name: "kept"})
	require.NoError(t, err)
	require.NoError(t, p.Interrupt(), "an interrupted server ends with 0")
	page, err := localClient(t, launch(t, data)).ListTopics(t.Context(), smn.ListTopicsInput{})
	require.NoError(t, err)
	require.Equal(t, 1, page.Total)
}

func TestVersion(t *testing.T) {
	require.NotEmpty(t, strings.Fields(version()))
	require.NoError(t, run(t.Context(), []string{"version"}, io.Discard))
	require.Error(t, run(t.Context(), []string{"unheard-of"}, io.Discard))
}

// TestMailJSON holds the outbox page to its field names, which curl lines and
// scripts use.
func TestMailJSON(t *testing.T) {
	text, err := json.Marshal(mailJSON{SubscribeURL: "s", UnsubscribeURL: "u"})
	require.NoError(t, err)
	require.Contains(t, string(text), `"subscribe_url":"s"`)
	require.Contains(t, string(text), `"unsubscribe_url":"u"`)
}

// TestSecretsThatWereTamperedWith: a key that is too short, or that others can
// read, would let anybody in.
func TestSecretsThatWereTamperedWith(t *testing.T) {
	for name, c := range map[string]struct {
		tamper func(path string) error
		want   string
	}{
		"emptied":  {func(p string) error { return os.Truncate(p, 0) }, "0 bytes instead of 32"},
		"cut":      {func(p string) error { return os.Truncate(p, 5) }, "5 bytes instead of 32"},
		"readable": {func(p string) error { return os.Chmod(p, 0o644) }, "chmod 600"},
	} {
		s := parsed(t, "-addr", "127.0.0.1:0", "-data", t.TempDir()).settings
		h, err := openHouse(t.Context(), s, slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		require.NoError(t, h.close())
		require.NoError(t, c.tamper(filepath.Join(s.data, "secrets", "token.key")))
		_, err = openHouse(t.Context(), s, slog.New(slog.DiscardHandler))
		require.ErrorContains(t, err, c.want, name)
		require.NotContains(t, err.Error(), "\n")
	}
}

func TestSettingsThatCannotBe(t *testing.T) {
	loopback := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80}
	for arg, want := range map[string]string{
		"-region=A B":                         "TOCSIN_REGION",
		"-project-id=XYZ":                     "TOCSIN_PROJECT_ID",
		"-retention=-1h":                      "TOCSIN_RETENTION",
		"-public-url=notaurl":                 "TOCSIN_PUBLIC_URL",
		"-functions={}}":                      "TOCSIN_FUNCTIONS",
		"-functions=missing.json":             "TOCSIN_FUNCTIONS",
		"-ca-file=missing.pem":                "TOCSIN_CA_FILE",
		"-proxy=socks5://127.0.0.1:1080":      "TOCSIN_PROXY",
		"-public-url=https://example.com/x":   "TOCSIN_PUBLIC_URL",
		"-public-url=https://u:p@example.com": "TOCSIN_PUBLIC_URL",
		"-mail-per-hour=-1":                   "TOCSIN_MAIL_PER_HOUR",
		"-sms-per-hour=-1":                    "TOCSIN_SMS_PER_HOUR",
		"-sms-per-half-day=-1":                "TOCSIN_SMS_PER_HALF_DAY",
	} {
		s := parsed(t, arg).settings
		require.ErrorContains(t, s.complete(loopback), want, arg)
	}
	s := parsed(t, "-public-url", "https://example.com/").settings
	require.NoError(t, s.complete(loopback))
	require.Equal(t, "https://example.com", s.PublicURL)
}

func TestEveryProtocolHasASender(t *testing.T) {
	h := &house{settings: parsed(t, "-allow-private-endpoints").settings, log: slog.New(slog.DiscardHandler)}
	senders, forms := h.senders()
	t.Cleanup(func() { require.NoError(t, h.close()) })
	for _, p := range []smn.Protocol{
		smn.HTTP, smn.HTTPS, smn.Email, smn.SMS, smn.Call, smn.FunctionStage, smn.FunctionGraph,
		smn.DingDing, smn.Feishu, smn.WeChat, smn.WeLink, smn.Slack, smn.Teams,
	} {
		require.NotNil(t, senders[p], p)
		require.True(t, validation.IsProtocol(string(p)), p)
		delete(senders, p)
	}
	for _, platform := range smn.Platforms {
		require.NotNil(t, senders[platform.Protocol()], platform)
		delete(senders, platform.Protocol())
	}
	require.Empty(t, senders)
	for _, form := range []string{mns.FormXML, mns.FormJSON, mns.FormSimplified} {
		require.NotNil(t, forms[form], form)
	}
}
