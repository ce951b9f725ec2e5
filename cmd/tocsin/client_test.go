package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

// terminal runs commands of the client against a house of its own.
type terminal struct{ t *testing.T }

func openTerminal(t *testing.T) terminal {
	t.Helper()
	serve := parsed(t, "-addr", "127.0.0.1:0", "-data", t.TempDir())
	s := serve.settings
	s.credentials = serve.Credentials
	h, err := openHouse(t.Context(), s, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- h.serve(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-served)
	})
	t.Setenv("TOCSIN_ENDPOINT", h.settings.PublicURL)
	return terminal{t}
}

func (c terminal) run(args ...string) string {
	c.t.Helper()
	var out bytes.Buffer
	require.NoError(c.t, run(c.t.Context(), args, &out), args)
	return out.String()
}

// json runs a command with -o json and gives a field of its answer.
func (c terminal) json(field string, args ...string) string {
	c.t.Helper()
	var answer map[string]any
	text := c.run(append(args, "-o", "json")...)
	require.NoError(c.t, json.Unmarshal([]byte(text), &answer), text)
	value, ok := answer[field].(string)
	require.True(c.t, ok, text)
	return value
}

// fails runs a command that cannot do its work, and looks at its one line.
func (c terminal) fails(message string, args ...string) {
	c.t.Helper()
	err := run(c.t.Context(), args, &bytes.Buffer{})
	require.Error(c.t, err, args)
	require.Contains(c.t, explain(err), message)
	require.NotContains(c.t, explain(err), "\n")
	require.Equal(c.t, 1, exitCode(err))
}

// types is what stands in the standard input for the rest of the test.
func (c terminal) types(text string) {
	c.t.Helper()
	in, err := os.Open(c.file(text))
	require.NoError(c.t, err)
	terminal := os.Stdin
	os.Stdin = in
	c.t.Cleanup(func() {
		os.Stdin = terminal
		require.NoError(c.t, in.Close())
	})
}

func (c terminal) file(text string) string {
	c.t.Helper()
	name := filepath.Join(c.t.TempDir(), "file")
	require.NoError(c.t, os.WriteFile(name, []byte(text), 0o600))
	return name
}

// subscribed adds an endpoint that needs no confirmation to receive messages,
// since its link is followed here.
func (c terminal) subscribed(topic, protocol, endpoint string, more ...string) string {
	c.t.Helper()
	urn := c.json("subscription_urn", append([]string{"subscription", "add", topic, protocol, endpoint}, more...)...)
	link := c.mail(endpoint, func(m mailJSON) bool { return m.SubscribeURL != "" }).SubscribeURL
	resp, err := http.Post(link, "", http.NoBody)
	require.NoError(c.t, err)
	require.NoError(c.t, resp.Body.Close())
	require.Equal(c.t, http.StatusOK, resp.StatusCode)
	return urn
}

// mail waits for a mail or SMS in the outbox.
func (c terminal) mail(to string, wanted func(mailJSON) bool) (found mailJSON) {
	c.t.Helper()
	require.Eventually(c.t, func() bool {
		_, body := get(c.t, os.Getenv("TOCSIN_ENDPOINT")+"/_local/outbox", nil)
		var outbox struct{ Mails []mailJSON }
		require.NoError(c.t, json.Unmarshal([]byte(body), &outbox))
		for _, m := range outbox.Mails {
			if m.To == to && wanted(m) {
				found = m
				return true
			}
		}
		return false
	}, 20*time.Second, 10*time.Millisecond, to)
	return found
}

func (c terminal) receives(to, text string) {
	c.t.Helper()
	c.mail(to, func(m mailJSON) bool { return strings.Contains(m.Text, text) })
}

func TestTopicCommands(t *testing.T) {
	c := openTerminal(t)
	urn := c.json("topic_urn", "topic", "create", "alarms", "-display-name", "Disk alarms")
	require.Equal(t, urn, c.json("topic_urn", "topic", "create", "alarms"), "it is there already")
	require.Equal(t, "URN  "+urn+"\n", c.run("topic", "create", "alarms"))
	other := c.json("topic_urn", "topic", "create", "other")
	require.Contains(t, c.run("topic", "list"), urn)
	require.Contains(t, c.run("topic", "list", "-prefix", "al"), "Disk alarms")
	require.Equal(t, "NAME  DISPLAY NAME  CREATED  URN\n", c.run("topic", "list", "-prefix", "x"))
	require.Equal(t, "[]\n", c.run("topic", "list", "-prefix", "x", "-o", "json"))
	require.Equal(t, urn, c.json("topic_urn", "topic", "update", "alarms", "-display-name", "Discs"))
	require.Equal(t, "Discs", c.json("display_name", "topic", "show", "alarms"))
	require.Contains(t, c.run("topic", "show", urn), "Discs")
	c.run("topic", "update", urn, "-display-name", "")
	require.Empty(t, c.json("display_name", "topic", "show", urn))

	require.Equal(t, "KEY   VALUE\nhost  db;1\nteam  ops=a\n", c.run("topic", "tag", "set", "alarms", "team=ops=a", "host=db;1"))
	require.JSONEq(t, `[{"key":"host","value":"db;1"},{"key":"team","value":"ops=a"}]`, c.run("topic", "tag", "list", urn, "-o", "json"))
	tagged := c.run("topic", "list", "-tag", "team=ops=a", "-tag", "host=db;1")
	require.Contains(t, tagged, urn)
	require.NotContains(t, tagged, other)
	require.NotContains(t, c.run("topic", "list", "-tag", "team=dev"), urn)
	require.NotContains(t, c.run("topic", "list", "-tag", "team=ops=a", "-prefix", "oth"), urn)
	c.fails("SMN.0038 Parameter: tag is invalid: ", "topic", "tag", "set", "alarms", "=x")
	require.Equal(t, "KEY   VALUE\nteam  ops=a\n", c.run("topic", "tag", "remove", "alarms", "host", "none"))

	c.run("subscription", "add", "alarms", "email", "ops@example.com")
	shown := c.run("topic", "show", "alarms")
	require.Regexp(t, `Tags +team=ops=a\n`, shown)
	require.Regexp(t, `Subscriptions +1 unconfirmed\n`, shown)
	c.subscribed("alarms", "sms", "+491701234567")
	require.Regexp(t, `Subscriptions +1 confirmed, 1 unconfirmed\n`, c.run("topic", "show", "alarms"))

	require.Equal(t, "HOUR  SMS\n", c.run("topic", "statistics", "alarms"))
	c.run("publish", "alarms", "counted")
	require.Eventually(t, func() bool {
		return strings.HasSuffix(c.run("topic", "statistics", "alarms"), "Z  1\n")
	}, 20*time.Second, 10*time.Millisecond)
	require.Contains(t, c.run("topic", "statistics", "alarms", "-last", "744h", "-o", "json"), `"sms": 1`)
	c.fails("SMN.0104 Parameter: end_time is invalid: ", "topic", "statistics", "alarms", "-last", "745h")

	c.fails("there is no topic nowhere", "topic", "show", "nowhere")
	c.fails("neither the name nor the URN", "topic", "show", "no where")
	require.Equal(t, "Deleted  "+urn+"\n", c.run("topic", "delete", "alarms"))
	require.NotContains(t, c.run("topic", "list"), urn)
	c.fails("SMN.0006 Topic not found: topic "+urn+" does not exist", "topic", "delete", urn)
}

func TestTopicPolicyCommands(t *testing.T) {
	c := openTerminal(t)
	urn := c.json("topic_urn", "topic", "create", "shared")
	require.Empty(t, c.run("topic", "policy", "get", "shared"))
	policy := `{"Version":"2016-09-07","Id":"all","Statement":[{"Sid":"all","Effect":"Allow","Principal":{"CSP":["*"]},
		"Action":["SMN:QueryTopicDetail"],"Resource":"` + urn + `"}]}`
	c.run("topic", "policy", "set", "shared", c.file(policy))
	require.JSONEq(t, policy, c.run("topic", "policy", "get", urn))
	require.Equal(t, policy, c.json("access_policy", "topic", "policy", "get", "shared", "-o", "json"))
	require.Regexp(t, `Access policy +set 2`, c.run("topic", "show", "shared"))
	c.run("topic", "policy", "clear", "shared")
	require.Empty(t, c.run("topic", "policy", "get", "shared"))
	c.types(policy)
	require.Equal(t, "Policy set for  "+urn+"\n", c.run("topic", "policy", "set", "shared", "-"))
	require.JSONEq(t, policy, c.run("topic", "policy", "get", "shared"))
	c.fails("SMN.0048 Parameter: Access policy is invalid: the policy is empty", "topic", "policy", "set", "shared")
	c.fails("SMN.0048", "topic", "policy", "set", "shared", c.file("{"))
	c.fails("no such file", "topic", "policy", "set", "shared", "missing.json")
	require.JSONEq(t, policy, c.run("topic", "policy", "get", "shared"), "as it was")
}

func TestTopicOfAnotherAccount(t *testing.T) {
	t.Setenv("TOCSIN_CREDENTIALS", terminal{t}.file(`domains:
  - name: acme
    projects: [{name: eu-de, id: 0123456789abcdef0123456789abcdef}]
    users: [{name: robot, keys: [{access: AKACME, secret: sk-acme}]}]
  - name: partner
    projects: [{name: eu-de, id: "11111111111111111111111111111111"}]
    users: [{name: robot, keys: [{access: AKPARTNER, secret: sk-partner}]}]
`))
	c := openTerminal(t)
	t.Setenv("TOCSIN_ACCESS_KEY", "AKACME")
	t.Setenv("TOCSIN_SECRET_KEY", "sk-acme")
	urn := c.json("topic_urn", "topic", "create", "shared", "-display-name", "Shared")
	c.run("topic", "tag", "set", "shared", "team=ops")
	c.run("subscription", "add", "shared", "email", "ops@example.com")
	c.run("topic", "policy", "set", "shared", c.file(`{"Version":"2016-09-07","Id":"all","Statement":[{"Sid":"all","Effect":"Allow",
		"Principal":{"CSP":["*"]},"Action":["SMN:QueryTopicDetail"],"Resource":"`+urn+`"}]}`))

	t.Setenv("TOCSIN_ACCESS_KEY", "AKPARTNER")
	t.Setenv("TOCSIN_SECRET_KEY", "sk-partner")
	t.Setenv("TOCSIN_PROJECT_ID", "11111111111111111111111111111111")
	shown := c.run("topic", "show", urn)
	require.Contains(t, shown, "Shared")
	require.Regexp(t, `Tags *\nSubscriptions *\n`, shown)
	c.run("topic", "create", "shared", "-display-name", "Ours")
	c.fails("SMN.0006", "topic", "tag", "set", urn, "team=dev")
	require.Equal(t, "KEY  VALUE\n", c.run("topic", "tag", "list", "shared"), "not the one of the same name")
	c.fails("SMN.0001 No permission to request resources: ", "topic", "delete", urn)
}

func TestSubscriptionCommands(t *testing.T) {
	c := openTerminal(t)
	c.run("topic", "create", "alarms")
	mail := c.json("subscription_urn", "subscription", "add", "alarms", "email", "ops@example.com", "-remark", "on\u202ecall")
	hook := c.json("subscription_urn", "subscription", "add", "alarms", "http", "http://127.0.0.1:1/hook", "-header", "x-team=a;b=c", "-header", "x-key=hidden")
	list := c.run("subscription", "list", "alarms")
	require.Contains(t, list, "unconfirmed")
	require.Contains(t, list, "on\uFFFDcall", "what could turn the text around is not printed")
	require.Equal(t, list, c.run("subscription", "list"))
	c.fails("SMN.0012 Parameter: Endpoint is invalid: ", "subscription", "add", "alarms", "email", "ops@")

	t.Setenv("TOCSIN_SIGN_SECRET", "s3cret")
	bot := c.json("subscription_urn", "subscription", "add", "alarms", "feishu", "https://open.feishu.cn/open-apis/bot/v2/hook/0")
	c.fails("SMN.0043", "subscription", "add", "alarms", "feishu", "https://open.feishu.cn/open-apis/bot/v2/hook/1", "-keyword", "disk")
	require.NoError(t, os.Unsetenv("TOCSIN_SIGN_SECRET"))
	c.fails("SMN.0043", "subscription", "add", "alarms", "feishu", "https://open.feishu.cn/open-apis/bot/v2/hook/1")

	shown := c.run("subscription", "show", hook) + c.run("subscription", "show", hook, "-o", "json") + c.run("subscription", "show", bot)
	require.Regexp(t, `Headers +x-key, x-team\n`, shown)
	require.NotContains(t, shown, "hidden")
	require.NotContains(t, shown, "s3cret")
	require.Regexp(t, `Created +2`, shown)
	require.Regexp(t, `Retry *\nHealth *\n`, shown)

	for retry, want := range map[string]string{"5s,2m,1h": "5s,2m0s,1h0m0s", "none": "none"} {
		urn := c.json("subscription_urn", "subscription", "add", "alarms", "http", "http://127.0.0.1:1/"+retry, "-retry", retry)
		require.Regexp(t, `Retry +`+want+`\n`, c.run("subscription", "show", urn))
		c.run("subscription", "cancel", urn)
	}
	c.fails("extension.retry", "subscription", "add", "alarms", "http", "http://127.0.0.1:1/", "-retry", "25h")

	phone := c.subscribed("alarms", "sms", "+491701234567")
	for args, want := range map[string][]string{
		"-status confirmed":                    {phone},
		"-status unconfirmed":                  {mail, hook, bot},
		"-status cancelled":                    {},
		"-protocol http":                       {hook},
		"-address ops@example.com":             {mail},
		"-protocol sms -address +491701234567": {phone},
		"-protocol email -status confirmed":    {},
	} {
		list := c.run(append([]string{"subscription", "list", "alarms"}, strings.Fields(args)...)...)
		require.Equal(t, len(want)+1, strings.Count(list, "\n"), args)
		for _, urn := range want {
			require.Contains(t, list, urn, args)
		}
	}

	require.Equal(t, "Updated  "+mail+"\n", c.run("subscription", "remark", mail, "night shift"))
	require.Equal(t, "night shift", c.json("remark", "subscription", "show", mail))
	c.fails("SMN.0082", "subscription", "remark", mail, strings.Repeat("x", smn.MaxRemark+1))
	c.fails("SMN.0014", "subscription", "remark", "urn", "x")
	require.Equal(t, mail, c.json("subscription_urn", "subscription", "resend", mail))
	c.fails("SMN.0077 Parameter: Status is invalid: ", "subscription", "resend", phone)

	c.run("subscription", "filter", "set", mail, "env=prod,test", "level=high")
	c.run("subscription", "filter", "set", mail, "env=prod,test")
	require.Regexp(t, `Filter +env=prod,test\n`, c.run("subscription", "show", mail))
	c.fails("SMN.0043 Parameter: filter_polices is invalid: ", "subscription", "filter", "set", mail, "UPPER=x")
	require.Equal(t, "Filter cleared for  "+mail+"\n", c.run("subscription", "filter", "clear", mail))
	require.Regexp(t, `Filter *\n`, c.run("subscription", "show", mail))

	require.Regexp(t, mail+` +cancelled\n`, c.run("subscription", "cancel", mail))
	c.fails("SMN.0013 Subscription resource not found: ", "subscription", "cancel", mail)
	c.fails("SMN.0013", "subscription", "filter", "clear", mail)
	var out bytes.Buffer
	err := run(t.Context(), []string{"subscription", "cancel", mail, hook, bot}, &out)
	require.EqualError(t, err, "1 of 3 subscriptions were not cancelled")
	require.Regexp(t, mail+` +SMN.0013 Subscription resource not found: `, out.String())
	require.Regexp(t, hook+` +cancelled\n`, out.String())
	require.Equal(t, 2, strings.Count(c.run("subscription", "list"), "\n"), "the phone is left")
}

// Some clouds lack calls, ignore filters and know other errors.
func TestCommandsAgainstALesserService(t *testing.T) {
	c := openTerminal(t)
	c.run("topic", "create", "alarms")
	mail := c.json("subscription_urn", "subscription", "add", "alarms", "email", "ops@example.com")
	phone := c.json("subscription_urn", "subscription", "add", "alarms", "sms", "+491701234567")
	house, err := url.Parse(os.Getenv("TOCSIN_ENDPOINT"))
	require.NoError(t, err)
	proxy := httputil.NewSingleHostReverseProxy(house)
	lesser := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.Path
		switch {
		case strings.Contains(path, "/notifications/subscriptions/urn"), strings.Contains(path, "/messages"), strings.Contains(path, "/dead-deliveries"):
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"error_code":"APIG.0101","error_msg":"The API does not exist","request_id":"1"}`)
		case strings.HasSuffix(path, "/publish"):
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `{"code":"SMN.0199","message":"The moon is\u001b[2J full."}`)
		default:
			r.URL.RawQuery = "offset=0" + r.URL.Query().Get("offset")
			proxy.ServeHTTP(w, r)
		}
	}))
	defer lesser.Close()
	t.Setenv("TOCSIN_ENDPOINT", lesser.URL)
	t.Setenv("TOCSIN_PASSWORD", "admin") // a signature would not survive the change

	shown := c.run("subscription", "show", mail)
	require.Contains(t, shown, "ops@example.com")
	require.Regexp(t, `Created *\n`, shown)
	c.fails("SMN.0013", "subscription", "show", mail[:len(mail)-32]+strings.Repeat("0", 32))
	require.NotContains(t, c.run("subscription", "list", "alarms", "-protocol", "email"), phone)
	require.NotContains(t, c.run("subscription", "list", "-address", "+491701234567"), mail)
	require.NotContains(t, c.run("topic", "list", "-prefix", "x"), "alarms")
	c.fails("there is no topic nowhere", "topic", "show", "nowhere")
	c.fails("only Tocsin has a call for this", "subscription", "resend", mail)
	c.fails("only Tocsin has a call for this", "message", "list", "alarms")
	c.fails("only Tocsin has a call for this", "dead", "redeliver", "alarms")
	c.fails("APIG.0101 The API does not exist", "subscription", "cancel", mail)
	c.fails("SMN.0199 The moon is\uFFFD[2J full.", "publish", "alarms", "x")
}

func TestTemplateCommands(t *testing.T) {
	c := openTerminal(t)
	id := c.json("message_template_id", "template", "create", "disk", "{host} is full.")
	c.types("{host}\x1b:\nfull since {time}\n")
	mail := c.json("message_template_id", "template", "create", "disk", "-protocol", "email")
	c.fails("SMN.0025 Template already exists: ", "template", "create", "disk", "again")
	require.Regexp(t, `disk +default +host +\S+ +`+id+`\ndisk +email +host, time +\S+ +`+mail+`\n`, c.run("template", "list"))
	require.NotContains(t, c.run("template", "list", "-protocol", "email"), id)
	require.Equal(t, "[]\n", c.run("template", "list", "-name", "other", "-o", "json"))
	require.Contains(t, c.run("template", "show", "disk", "-protocol", "email"), "\n\n{host}\uFFFD:\nfull since {time}\n")
	require.Equal(t, "{host}\x1b:\nfull since {time}\n", c.json("content", "template", "show", mail))
	require.Equal(t, id, c.json("message_template_id", "template", "update", "disk", "-file", c.file("Look at {host}.")))
	require.Equal(t, "Look at {host}.", c.json("content", "template", "show", "disk"))
	require.Equal(t, "Deleted  "+mail+"\n", c.run("template", "delete", "disk", "-protocol", "email"))
	c.fails("there is no template disk for the protocol email", "template", "show", "disk", "-protocol", "email")
	c.fails("SMN.0027 Template not found: ", "template", "delete", mail)
	c.fails("neither the name nor the id", "template", "show", "no such")
	c.fails("not both", "template", "update", "disk", "text", "-file", c.file("text"))
	c.fails("no such file", "template", "create", "other", "-file", "missing")
}

func TestPublishCommand(t *testing.T) {
	const phone, mail = "+491701234567", "ops@example.com"
	c := openTerminal(t)
	c.run("topic", "create", "alarms")
	c.subscribed("alarms", "sms", phone)
	filtered := c.subscribed("alarms", "email", mail)

	require.Len(t, c.json("message_id", "publish", "alarms", "It works.", "-subject", "Hello", "-ttl", "5m", "-locale", "en-us"), 32)
	m := c.mail(mail, func(m mailJSON) bool { return strings.Contains(m.Text, "It works.") })
	require.Equal(t, "Hello", m.Subject)

	c.run("publish", "alarms", "-text", "sms=short; yes", "long, yes")
	c.receives(phone, "short; yes")
	c.receives(mail, "long, yes")
	c.run("publish", "alarms", "-structure", c.file(`{"default":"rest","sms":"from a file"}`))
	c.receives(phone, "from a file")
	c.run("template", "create", "disk", "{host} is full")
	c.run("publish", "alarms", "-template", "disk", "-tag", "host=db;1=a")
	c.receives(phone, "db;1=a is full")
	c.run("publish", "alarms", "--", "-dashed")
	c.receives(phone, "-dashed")
	c.types("typed")
	c.run("publish", "alarms")
	c.receives(phone, "typed")

	c.run("subscription", "filter", "set", filtered, "env=prod,test")
	c.run("publish", "alarms", "to one", "-attribute", "env=dev")
	c.run("publish", "alarms", "to both", "-attribute", "env=dev,test", "-attribute", "level=high")
	c.run("publish", "alarms", "by mail", "-attribute", "smn_protocol=email", "-attribute", "env=prod")
	c.receives(phone, "to one")
	c.receives(phone, "to both")
	c.receives(mail, "to both")
	c.receives(mail, "by mail")
	_, outbox := get(t, os.Getenv("TOCSIN_ENDPOINT")+"/_local/outbox", nil)
	require.Equal(t, 1, strings.Count(outbox, "to one"))
	require.Equal(t, 1, strings.Count(outbox, "by mail"))

	c.fails("SMN.0009 Parameter: Message is invalid: ", "publish", "alarms", "")
	c.fails("SMN.0021 MessageStructure is invalid: ", "publish", "alarms", "-text", "sms=x")
	c.fails("given twice", "publish", "alarms", "x", "-text", "default=y")
	c.fails("one of them", "publish", "alarms", "x", "-template", "disk")
	c.fails("no such file", "publish", "alarms", "-structure", "missing")
	c.fails("SMN.0009", "publish", "alarms", "-file", c.file(strings.Repeat("x", smn.MaxMessage+1)))
}

func TestTokenCommand(t *testing.T) {
	c := openTerminal(t)
	c.fails("TOCSIN_PASSWORD", "token")
	t.Setenv("TOCSIN_PASSWORD", "wrong-password")
	c.fails("401 ", "token")
	t.Setenv("TOCSIN_PASSWORD", "admin")
	require.Len(t, strings.Fields(c.run("token")), 1, "the bare token")
	require.NotEmpty(t, c.json("project_id", "token"))
	require.Contains(t, c.run("topic", "list"), "NAME", "logged in by password")
	t.Setenv("TOCSIN_PASSWORD", "")
	t.Setenv("TOCSIN_SECRET_KEY", "wrong-secret")
	c.fails("APIGW.0301 ", "topic", "list")
}

func TestUsageErrors(t *testing.T) {
	for args, message := range map[string]string{
		"topic list -o yaml":                      "--output must be one of",
		"topic update x":                          "--display-name",
		"topic show":                              "<topic>",
		"subscription list -status late":          "--status must be one of",
		"subscription filter set urn env":         "NAME=VALUE",
		"subscription add a http b -retry 1.5s":   "whole seconds",
		"subscription add a http b -retry 5s,,6s": "whole seconds",
		"subscription add a http b -retry 5":      "whole seconds",
		"publish x -attribute =1":                 "NAME=VALUE",
		"publish x -structure f -text a=b":        "can't be used together",
		"publish x -text nothing":                 "<key>=<value>",
		"topic list -endpoint smn.test":           "scheme and host",
		"nonsense":                                "nonsense",
	} {
		err := run(t.Context(), strings.Fields(args), io.Discard)
		require.ErrorContains(t, err, message, args)
		require.Equal(t, 2, exitCode(err), args)
	}
}
