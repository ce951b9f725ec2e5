package chatbot_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/chatbot"
	"tocsin/shared/deliver/post"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

const (
	topicURN = "urn:smn:local:0123456789abcdef0123456789abcdef:disk-alerts"
	link     = "https://host/smn/subscription/unsubscribe?subscription_urn=" + topicURN + ":23cf104593284665a1f98691b1576976"
)

var services = map[smn.Protocol]func(*testing.T) *service{
	smn.DingDing: openDingTalk,
	smn.Feishu:   openFeishu,
	smn.WeChat:   openWeCom,
	smn.WeLink:   openWeLink,
	smn.Slack:    openSlack,
	smn.Teams:    openTeams,
}

func sender(t *testing.T) *chatbot.Sender {
	poster := post.New(post.Config{AllowPrivate: true})
	t.Cleanup(poster.Close)
	return chatbot.New(poster)
}

func notification(p smn.Protocol, endpoint string) deliver.Delivery {
	return deliver.Delivery{
		Type:            wire.TypeNotification,
		MessageID:       "d84bd6629ef04513ad2e37bffd6e17cb",
		TopicURN:        topicURN,
		TopicDisplay:    "Disk Watch",
		SubscriptionURN: topicURN + ":23cf104593284665a1f98691b1576976",
		Protocol:        p,
		Endpoint:        endpoint,
		Subject:         "Disk",
		Text:            "90 % <full> & rising\non db-1",
		Timestamp:       time.Date(2024, 7, 10, 9, 45, 0, 0, time.UTC),
		UnsubscribeURL:  link,
	}
}

// textOf finds the text that people see.
func textOf(t *testing.T, p smn.Protocol, body map[string]any) string {
	t.Helper()
	switch p {
	case smn.Feishu, smn.WeLink:
		return at(body, "content", "text")
	case smn.Slack:
		return at(body, "text")
	case smn.Teams:
		return at(card(t, body)["body"].([]any)[0].(map[string]any), "text")
	}
	return at(body, "text", "content")
}

func card(t *testing.T, body map[string]any) map[string]any {
	t.Helper()
	attachment := body["attachments"].([]any)[0].(map[string]any)
	require.Equal(t, "application/vnd.microsoft.card.adaptive", attachment["contentType"])
	return attachment["content"].(map[string]any)
}

func TestNotification(t *testing.T) {
	const plain = "Disk\n90 % <full> & rising\non db-1\n\nTo unsubscribe, open: " + link
	for p, open := range services {
		t.Run(string(p), func(t *testing.T) {
			service := open(t)
			o := sender(t).Send(t.Context(), notification(p, service.url))
			require.Equal(t, deliver.Outcome{Result: deliver.Delivered, Status: 200}, o)
			want := plain
			switch p {
			case smn.Slack:
				want = strings.Replace(plain, "<full> &", "&lt;full&gt; &amp;", 1)
			case smn.Teams:
				want = strings.ReplaceAll(plain, "\n", "\n\n")
				action := card(t, service.took[0])["actions"].([]any)[0].(map[string]any)
				require.Equal(t, map[string]any{"type": "Action.OpenUrl", "title": "Open the link", "url": link}, action)
			}
			require.Equal(t, want, textOf(t, p, service.took[0]))

			d := notification(p, service.url)
			d.Subject = ""
			require.Equal(t, deliver.Delivered, sender(t).Send(t.Context(), d).Result)
			require.True(t, strings.HasPrefix(textOf(t, p, service.took[1]), "90 %"), "no line for a subject that is not there")
		})
	}
}

func TestConfirmations(t *testing.T) {
	for kind, says := range map[string]string{
		wire.TypeConfirmation: "Disk Watch would like to send notifications to this chat",
		wire.TypeUnsubscribed: "This chat will get no more notifications from Disk Watch",
	} {
		for p, open := range services {
			service := open(t)
			d := notification(p, service.url)
			d.Type, d.UnsubscribeURL, d.Text = kind, "", "for programs"
			d.SubscribeURL = "https://host/smn/subscription/confirm?token=" + strings.Repeat("ab", 80) + "&topic_urn=" + topicURN
			o := sender(t).Send(t.Context(), d)
			require.Equal(t, deliver.Delivered, o.Result, o.Reason)
			text := textOf(t, p, service.took[0])
			require.Contains(t, text, says, p)
			require.Contains(t, strings.ReplaceAll(text, "&amp;", "&"), d.SubscribeURL, p)
			require.NotContains(t, text, "for programs")
		}
	}
}

func TestKeywordAndSignature(t *testing.T) {
	for _, p := range []smn.Protocol{smn.DingDing, smn.Feishu} {
		for _, kind := range []string{wire.TypeNotification, wire.TypeConfirmation} {
			service := services[p](t)
			d := notification(p, service.url)
			d.Type, d.SubscribeURL = kind, "https://host/confirm"

			service.keyword = "监控报警"
			require.Equal(t, deliver.Dead, sender(t).Send(t.Context(), d).Result, "the service looks at the keyword")
			d.Extension.Keyword = service.keyword
			require.Equal(t, deliver.Delivered, sender(t).Send(t.Context(), d).Result)
			require.True(t, strings.HasPrefix(textOf(t, p, service.took[0]), service.keyword+"\n"))

			service.keyword, service.secret = "", "SEC+/= secret"
			d.Extension = smn.Extension{SignSecret: "another"}
			o := sender(t).Send(t.Context(), d)
			require.Equal(t, deliver.Dead, o.Result, "the service looks at the signature")
			require.Contains(t, o.Reason, map[smn.Protocol]string{smn.DingDing: "310000", smn.Feishu: "19021"}[p])
			d.Extension.SignSecret = service.secret
			require.Equal(t, deliver.Delivered, sender(t).Send(t.Context(), d).Result)
		}
	}
	service := openDingTalk(t)
	d := notification(smn.DingDing, service.url)
	d.Extension.Keyword = "Disk"
	require.Equal(t, deliver.Delivered, sender(t).Send(t.Context(), d).Result)
	require.True(t, strings.HasPrefix(textOf(t, smn.DingDing, service.took[0]), "Disk\n90"), "a keyword that is there is not said twice")
}

// Whatever is published fits, is cut between characters, and keeps the link, the
// keyword and the signature.
func TestLongTextsAreCut(t *testing.T) {
	for p, open := range services {
		service, s := open(t), sender(t)
		d := notification(p, service.url)
		if p == smn.Feishu {
			service.secret, d.Extension.SignSecret = "demo", "demo"
		}
		if p == smn.DingDing {
			service.keyword, d.Extension.Keyword = "Alarm", "Alarm"
		}
		rapid.Check(t, func(t *rapid.T) {
			unit := rapid.SampledFrom([]string{"a", "ä", "警", "😀", "\n", "\x01", `"`, "<", "&", "Alarm "}).Draw(t, "unit")
			d.Text = strings.Repeat(unit, rapid.IntRange(1, smn.MaxMessage/len(unit)).Draw(t, "units"))
			d.Subject = strings.Repeat("ü", rapid.IntRange(0, smn.MaxSubject/2).Draw(t, "subject"))
			service.took = nil
			o := s.Send(t.Context(), d)
			if o.Result != deliver.Delivered {
				t.Fatalf("%s: %s", p, o.Reason)
			}
		})
	}
}

func TestCutKeepsTheLink(t *testing.T) {
	for p, open := range services {
		service := open(t)
		d := notification(p, service.url)
		d.Text = strings.Repeat("警", smn.MaxMessage/3)
		require.Equal(t, deliver.Delivered, sender(t).Send(t.Context(), d).Result)
		text := textOf(t, p, service.took[0])
		require.Contains(t, text, "警…", p)
		require.True(t, strings.HasSuffix(text, link), p)
	}
	// At a limit and one past it: 2,048 bytes for WeCom.
	service := openWeCom(t)
	d := notification(smn.WeChat, service.url)
	d.Subject = ""
	room := 2048 - len("\n\nTo unsubscribe, open: "+link)
	for _, size := range []int{room - 1, room, room + 1} {
		d.Text = strings.Repeat("a", size)
		require.Equal(t, deliver.Delivered, sender(t).Send(t.Context(), d).Result)
		text := textOf(t, smn.WeChat, service.took[len(service.took)-1])
		require.Equal(t, size > room, strings.Contains(text, "…"))
	}
	// A link that leaves no room is left out.
	welink := openWeLink(t)
	d = notification(smn.WeLink, welink.url)
	d.UnsubscribeURL += strings.Repeat("x", 500)
	require.Equal(t, deliver.Delivered, sender(t).Send(t.Context(), d).Result)
	require.Equal(t, "Disk\n90 % <full> & rising\non db-…", textOf(t, smn.WeLink, welink.took[0]))
}

func TestRaw(t *testing.T) {
	for _, c := range []struct {
		protocol   smn.Protocol
		raw, field string
	}{
		{smn.DingDing, `{"msgtype":"markdown","markdown":{"title":"a","text":"# <b> & 9007199254740993"}}`, "msgtype"},
		{smn.DingDing, `{"msgType":"text","text":{"content":"Alarm"}}`, "msgtype"},
		{smn.Feishu, `{"msgType":"interactive","card":{}}`, "msg_type"},
		{smn.Feishu, `{"msg_type":"text","content":{"text":"Alarm"},"sign":"forged"}`, "msg_type"},
		{smn.WeChat, `{"msgType":"text","text":{"content":"Alarm","mentioned_list":["@all"]}}`, "msgtype"},
		{smn.WeLink, `{"msgType":"text","content":{"text":"Alarm"}}`, "messageType"},
		{smn.Slack, `{"text":"Alarm","blocks":[]}`, "text"},
		{smn.Teams, `{"type":"message","attachments":[{}]}`, "type"},
	} {
		service := services[c.protocol](t)
		d := notification(c.protocol, service.url)
		if c.protocol == smn.DingDing || c.protocol == smn.Feishu {
			service.secret, d.Extension.SignSecret = "demo", "demo"
		}
		d.Text, d.TextIsObject = c.raw, true
		o := sender(t).Send(t.Context(), d)
		require.Equal(t, deliver.Delivered, o.Result, "%s: %s", c.raw, o.Reason)
		got := service.took[0]
		require.NotContains(t, got, "msgType")
		require.Contains(t, got, c.field)
		for name, want := range fields(t, c.raw) {
			if name != "msgType" && name != "sign" {
				require.Equal(t, want, got[name], c.raw)
			}
		}
	}
	// A number is not rounded on its way.
	var arrived string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		arrived = string(body)
	}))
	defer server.Close()
	d := notification(smn.DingDing, server.URL)
	d.Text, d.TextIsObject = `{"msgtype":"text","n":9007199254740993}`, true
	sender(t).Send(t.Context(), d)
	require.Contains(t, arrived, `"n":9007199254740993`)

	for _, raw := range []string{``, `null`, `[]`, `"text"`, `{`, `{"text":"` + strings.Repeat("a", 300<<10) + `"}`} {
		for p := range services {
			d := notification(p, server.URL)
			d.Text, d.TextIsObject, arrived = raw, true, ""
			o := sender(t).Send(t.Context(), d)
			require.Equal(t, deliver.Dead, o.Result, "%.20s", raw)
			require.NotEmpty(t, o.Reason)
			require.Empty(t, arrived, "nothing was sent")
		}
	}
}

func fields(t *testing.T, text string) map[string]any {
	t.Helper()
	var m map[string]any
	require.NoError(t, json.Unmarshal([]byte(text), &m))
	return m
}

func TestAnswers(t *testing.T) {
	const minute = time.Minute
	for _, c := range []struct {
		protocol smn.Protocol
		status   int
		answer   string
		result   deliver.Result
		after    time.Duration
	}{
		{smn.DingDing, 200, `{"errcode":0,"errmsg":"ok"}`, deliver.Delivered, 0},
		{smn.DingDing, 200, `{"status":1111,"wait":5,"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute"}`, deliver.Again, 10 * minute},
		{smn.DingDing, 200, `{"errcode":410100,"errmsg":"too fast"}`, deliver.Again, 10 * minute},
		{smn.DingDing, 200, `{"errcode":-1,"errmsg":"busy"}`, deliver.Again, 0},
		{smn.DingDing, 200, `{"errcode":310000,"errmsg":"secret"}`, deliver.Dead, 0},
		{smn.DingDing, 200, `{"errcode":300001,"errmsg":"secret"}`, deliver.Dead, 0},
		{smn.Feishu, 200, `{"code":0}`, deliver.Delivered, 0},
		{smn.Feishu, 200, `{"StatusCode":0,"StatusMessage":"success"}`, deliver.Delivered, 0},
		{smn.Feishu, 200, `{"StatusCode":19024}`, deliver.Dead, 0},
		{smn.Feishu, 200, `{"code":11232,"msg":"frequency limited"}`, deliver.Again, minute},
		{smn.Feishu, 200, `{"code":9499,"msg":"too many request"}`, deliver.Again, minute},
		{smn.Feishu, 400, `{"code":9499,"msg":"Bad Request"}`, deliver.Dead, 0},
		{smn.Feishu, 200, `{"code":2200}`, deliver.Again, 0},
		{smn.Feishu, 200, `{"code":19021,"StatusCode":0}`, deliver.Dead, 0},
		{smn.WeChat, 200, `{"errcode":45009,"errmsg":"api freq out of limit"}`, deliver.Again, minute},
		{smn.WeChat, 200, `{"errcode":-1}`, deliver.Again, 0},
		{smn.WeChat, 200, `{"errcode":93000,"errmsg":"invalid webhook url"}`, deliver.Dead, 0},
		{smn.WeLink, 200, `{"code":"0"}`, deliver.Delivered, 0},
		{smn.WeLink, 200, `{"code":0}`, deliver.Delivered, 0},
		{smn.WeLink, 200, `{"code":"58500"}`, deliver.Again, 0},
		{smn.WeLink, 200, `{"code":"58404"}`, deliver.Dead, 0},
		{smn.Slack, 200, "ok\n", deliver.Delivered, 0},
		{smn.Slack, 200, "secret", deliver.Dead, 0},
		{smn.Slack, 404, "channel_not_found", deliver.Dead, 0},
		{smn.Slack, 429, "rate_limited", deliver.Again, 0},
		{smn.Teams, 202, "", deliver.Delivered, 0},
		{smn.Teams, 200, "1", deliver.Delivered, 0},
		{smn.Teams, 200, "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with ContextId secret", deliver.Again, minute},
		{smn.Teams, 200, "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 503 with ContextId secret", deliver.Again, 0},
		{smn.Teams, 200, "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 413 with ContextId secret", deliver.Dead, 0},
	} {
		o := answered(t, c.protocol, c.status, c.answer)
		require.Equal(t, c.result, o.Result, "%+v", c)
		require.Equal(t, c.after, o.After, "%+v", c)
		require.Equal(t, c.status, o.Status)
		require.NotContains(t, o.Reason, "secret", "nothing of an answer but its code gets into a reason")
		require.Equal(t, c.result == deliver.Delivered, o.Reason == "")
	}
	for p := range services {
		for _, status := range []int{301, 403, 500} {
			require.NotEqual(t, deliver.Delivered, answered(t, p, status, `{"errcode":0,"code":0}`).Result, "%s %d", p, status)
		}
	}
	for _, p := range []smn.Protocol{smn.DingDing, smn.Feishu, smn.WeChat, smn.WeLink} {
		for _, answer := range []string{
			"", "ok", "null", "[]", "{}", `{"errcode":null,"code":null}`, `{"errcode":"secret","code":"secret"}`, `{"errcode":{},"code":{}}`, `{"errcode":00,"code":00}`,
			`{"errcode":12345678901,"code":12345678901}`, `{"errcode":0.5,"code":0.5}`, "<html>secret</html>", `{"errcode":0,"code":0,"x":"` + strings.Repeat("a", post.MaxAnswer) + `"}`,
		} {
			o := answered(t, p, 200, answer)
			require.Equal(t, deliver.Outcome{Result: deliver.Dead, Status: 200, Reason: "the answer is not one of this service"}, o, "%s %.30s", p, answer)
		}
	}
}

// answered is what becomes of a message that a service answers so.
func answered(t *testing.T, p smn.Protocol, status int, answer string) deliver.Outcome {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	defer server.Close()
	return sender(t).Send(t.Context(), notification(p, server.URL))
}

func TestPrivateAddressIsRefused(t *testing.T) {
	poster := post.New(post.Config{})
	defer poster.Close()
	for p, open := range services {
		service := open(t)
		o := chatbot.New(poster).Send(t.Context(), notification(p, service.url))
		require.Equal(t, deliver.Outcome{Result: deliver.Dead, Reason: "the endpoint's address is not public"}, o)
		require.Empty(t, service.took)
	}
}

func TestOtherProtocols(t *testing.T) {
	o := sender(t).Send(t.Context(), notification(smn.HTTP, "http://127.0.0.1/"))
	require.Equal(t, deliver.Dead, o.Result)
}
