package smntest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

var functionURN = functionOf(Owner)

func functionOf(c smn.Caller) string {
	return "urn:cff:eu-de:" + c.Project + ":function:default:report"
}

// subscribeProtocols adds an endpoint of each protocol that has no case of its own.
func subscribeProtocols(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	for _, n := range []smn.NewSubscription{
		{Protocol: smn.Call, Endpoint: "+4915112345678"},
		{Protocol: smn.FunctionStage, Endpoint: functionURN},
		{Protocol: smn.FunctionGraph, Endpoint: functionURN, Remark: "the same function"},
		{Protocol: smn.FunctionGraph, Endpoint: functionURN + ":latest"},
		{Protocol: smn.FunctionGraph, Endpoint: "urn:fss:cn-north-4:" + Owner.Project + ":function:my_group:my-fn:!live"},
		{Protocol: smn.DingDing, Endpoint: "https://oapi.dingtalk.com/robot/send?access_token=a"},
		{Protocol: smn.DingDing, Endpoint: "https://oapi.dingtalk.com/robot/send?access_token=b", Extension: smn.Extension{Keyword: "监控报警"}},
		{Protocol: smn.DingDing, Endpoint: "https://oapi.dingtalk.com/robot/send?access_token=c", Extension: smn.Extension{SignSecret: "SEC0123"}},
		{Protocol: smn.Feishu, Endpoint: "https://open.feishu.cn/open-apis/bot/v2/hook/a", Extension: smn.Extension{Keyword: "Alarm"}},
		{Protocol: smn.Feishu, Endpoint: "https://open.larksuite.com/open-apis/bot/v2/hook/b", Extension: smn.Extension{SignSecret: "demo"}},
		{Protocol: smn.WeChat, Endpoint: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=a"},
		{Protocol: smn.WeLink, Endpoint: "https://open.welink.huaweicloud.com/api/werobot/v1/webhook/send?token=a&channel=standard"},
		{Protocol: smn.WeLink, Endpoint: "https://open.welink.huaweicloud.com/x", Extension: smn.Extension{ClientID: "id", ClientSecret: "secret"}},
		{Protocol: smn.Slack, Endpoint: "https://hooks.slack.com/services/T0/B0/x"},
		{Protocol: smn.Teams, Endpoint: "https://prod-1.westeurope.logic.azure.com:443/workflows/x?sig=y"},
		{Protocol: smn.Slack, Endpoint: "https://chat.example.com/hooks/x"}, // a host of one's own
	} {
		out, err := s.owner.Subscribe(s.owner.ctx, smn.SubscribeInput{TopicURN: topic, NewSubscription: n})
		require.NoError(t, err, n)
		require.True(t, out.Created)
		want := smn.Subscription{Protocol: n.Protocol, Endpoint: n.Endpoint, Remark: n.Remark, Status: smn.Unconfirmed}
		if n.Protocol.IsFunction() {
			want.Status = smn.Exempt
		}
		want.URN, err = smn.ParseSubscriptionURN(out.URN)
		require.NoError(t, err)
		require.Equal(t, want, s.listed(t, out.URN), "what is secret is not given back")

		again, err := s.owner.Subscribe(s.owner.ctx, smn.SubscribeInput{TopicURN: topic, NewSubscription: n})
		require.NoError(t, err)
		require.Equal(t, smn.SubscribeOutput{URN: out.URN}, again, "the second time it is there already")
		require.Equal(t, want.Status, s.listed(t, out.URN).Status)

		require.NoError(t, s.anyone.Unsubscribe(s.anyone.ctx, smn.SubscriptionInput{SubscriptionURN: out.URN}))
		require.Equal(t, want.Status, s.listed(t, out.URN).Status, "there is nothing that someone could have confirmed")
	}
}

func subscribeProtocolRules(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	of := func(p smn.Protocol, endpoint string, e smn.Extension) smn.NewSubscription {
		return smn.NewSubscription{Protocol: p, Endpoint: endpoint, Extension: e}
	}
	const hook = "https://example.com/hook"
	var none smn.Extension
	keyword, secret := smn.Extension{Keyword: "k"}, smn.Extension{SignSecret: "s"}
	long := strings.Repeat("x", smn.MaxExtensionText+1)

	refused := map[smn.Code][]smn.NewSubscription{
		smn.Forbidden: {
			of(smn.FunctionGraph, functionOf(Stranger), none), of(smn.FunctionStage, functionOf(Stranger)+":latest", none),
		},
		smn.InvalidProtocol: {
			of("dingTalkBot", "user", none), of("dms", "queue", none), of("application", "urn", none), of("Slack", hook, none), of("webhook", hook, none),
		},
		smn.InvalidEndpoint: {
			of(smn.Call, "+49 151", none), of(smn.Call, hook, none),
			of(smn.FunctionGraph, hook, none),
			of(smn.FunctionGraph, "urn:cff:eu-de:short:function:default:report", none),
			of(smn.FunctionGraph, "urn:cff:EU:0123456789abcdef0123456789abcdef:function:default:report", none),
			of(smn.FunctionGraph, "urn:smn:eu-de:0123456789abcdef0123456789abcdef:function:default:report", none),
			of(smn.FunctionGraph, strings.TrimSuffix(functionURN, ":report"), none),
			of(smn.FunctionGraph, functionURN+":", none), of(smn.FunctionGraph, functionURN+":a:b", none),
			of(smn.FunctionGraph, functionURN+"/x", none), of(smn.FunctionStage, " "+functionURN, none),
			of(smn.FunctionGraph, functionURN+":"+strings.Repeat("v", 65), none),
		},
		smn.InvalidSubscription: {
			of(smn.Feishu, hook, none), // it takes nothing without
			of(smn.Feishu, hook, smn.Extension{Keyword: "k", SignSecret: "s"}),
			of(smn.DingDing, hook, smn.Extension{Keyword: "k", SignSecret: "s"}),
			of(smn.DingDing, hook, smn.Extension{ClientID: "i", ClientSecret: "s"}),
			of(smn.WeChat, hook, keyword), of(smn.WeLink, hook, secret), of(smn.Slack, hook, keyword), of(smn.Teams, hook, secret),
			of(smn.HTTPS, hook, keyword), of(smn.HTTPS, hook, smn.Extension{ClientID: "i", ClientSecret: "s"}),
			of(smn.Email, "ops@example.com", secret), of(smn.FunctionGraph, functionURN, secret),
			of(smn.WeLink, hook, smn.Extension{ClientID: "i"}), of(smn.WeLink, hook, smn.Extension{ClientSecret: "s"}),
			of(smn.DingDing, hook, smn.Extension{Header: map[string]string{"x-a": "b"}}),
			of(smn.FunctionGraph, functionURN, smn.Extension{Header: map[string]string{"x-a": "b"}}),
			of(smn.DingDing, hook, smn.Extension{Keyword: long}), of(smn.DingDing, hook, smn.Extension{SignSecret: long}),
			of(smn.WeLink, hook, smn.Extension{ClientID: long, ClientSecret: "s"}), of(smn.WeLink, hook, smn.Extension{ClientID: "i", ClientSecret: long}),
			of(smn.Feishu, hook, smn.Extension{Keyword: "a\nb"}), of(smn.Feishu, hook, smn.Extension{SignSecret: "a b"}),
			of(smn.Feishu, hook, smn.Extension{SignSecret: "ä"}), of(smn.WeLink, hook, smn.Extension{ClientID: "a\tb", ClientSecret: "s"}),
		},
	}
	for _, p := range []smn.Protocol{smn.DingDing, smn.WeChat, smn.WeLink, smn.Slack, smn.Teams} {
		for _, endpoint := range []string{"", "group", "ftp://example.com/", "https://", "https://example.com/a b", "https://example.com/#x", "//example.com/", "8613512345678"} {
			refused[smn.InvalidEndpoint] = append(refused[smn.InvalidEndpoint], of(p, endpoint, none))
		}
	}
	for code, items := range refused {
		for _, n := range items {
			_, err := s.owner.Subscribe(s.owner.ctx, smn.SubscribeInput{TopicURN: topic, NewSubscription: n})
			requireCode(t, code, err, n)
		}
	}
	page, err := s.owner.ListSubscriptionsByTopic(s.owner.ctx, smn.ListSubscriptionsByTopicInput{TopicURN: topic})
	require.NoError(t, err)
	require.Zero(t, page.Total, "what was refused has changed nothing")

	for _, n := range []smn.NewSubscription{
		of(smn.DingDing, hook+"/1", smn.Extension{Keyword: long[1:]}),
		of(smn.DingDing, hook+"/2", smn.Extension{SignSecret: long[1:]}),
		of(smn.WeLink, hook, smn.Extension{ClientID: long[1:], ClientSecret: long[1:]}),
		of(smn.FunctionGraph, functionURN+":"+strings.Repeat("v", 64), none),
	} {
		s.subscribed(t, topic, n)
	}
}

// functionsOfOthers sees that only a function's own project can have it called:
// nothing asks it whether it wants that.
func functionsOfOthers(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	s.set(t, topic, smn.AccessPolicy, allow(topic, Stranger, "SMN:Subscribe"))
	mine := smn.NewSubscription{Protocol: smn.FunctionGraph, Endpoint: functionURN}
	theirs := smn.NewSubscription{Protocol: smn.FunctionGraph, Endpoint: functionOf(Stranger)}
	for _, c := range []struct {
		who     actor
		own, of smn.NewSubscription
	}{{s.owner, mine, theirs}, {s.stranger, theirs, mine}} {
		out, err := c.who.SubscribeBatch(c.who.ctx, smn.SubscribeBatchInput{TopicURN: topic, Subscriptions: []smn.NewSubscription{c.of, c.own}})
		require.NoError(t, err)
		requireCode(t, smn.Forbidden, out[0].Err)
		require.NoError(t, out[1].Err)
		_, err = c.who.Subscribe(c.who.ctx, smn.SubscribeInput{TopicURN: topic, NewSubscription: c.of})
		requireCode(t, smn.Forbidden, err)
		_, err = c.who.CreateSubscriptionUser(c.who.ctx, smn.CreateSubscriptionUserInput{NewSubscriptionUser: user("f", c.of)})
		requireCode(t, smn.Forbidden, err)
	}
	id := s.user(t, "f", mine)
	update := smn.UpdateSubscriptionUserInput{SubscriptionUserInput: smn.SubscriptionUserInput{UserID: id}, NewSubscriptionUser: user("f", theirs)}
	requireCode(t, smn.Forbidden, s.owner.UpdateSubscriptionUser(s.owner.ctx, update))
	require.Equal(t, 2, must(s.owner.ListSubscriptionsByTopic(s.owner.ctx, smn.ListSubscriptionsByTopicInput{TopicURN: topic})).Total)
}

// chat goes the whole way of a chat group: it is asked in words, a person follows
// the link, it gets what is published, a person ends it.
func chat(t *testing.T, s *suite) {
	texts := make(chan string, 16)
	group := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Text string `json:"text"`
		}
		if json.NewDecoder(r.Body).Decode(&body) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		texts <- body.Text
		_, _ = w.Write([]byte("ok"))
	}))
	t.Cleanup(group.Close)
	next := func() string {
		t.Helper()
		select {
		case text := <-texts:
			return text
		case <-time.After(patience):
			t.Fatalf("nothing has arrived within %s", patience)
			return ""
		}
	}
	topic := s.topic(t, "disk-alerts")
	urn := s.subscribed(t, topic, smn.NewSubscription{Protocol: smn.Slack, Endpoint: group.URL})
	asked := next()
	require.Contains(t, asked, topic)
	require.Contains(t, asked, "/smn/subscription/confirm?", "the link opens a page")
	token := regexp.MustCompile(`token=([0-9a-f]+)`).FindStringSubmatch(asked)
	require.NotNil(t, token)
	got, err := s.anyone.ConfirmSubscription(s.anyone.ctx, smn.ConfirmSubscriptionInput{Token: token[1]})
	require.NoError(t, err)
	require.Equal(t, urn, got.String())
	require.Equal(t, smn.Confirmed, s.listed(t, urn).Status)

	_, err = s.owner.Publish(s.owner.ctx, smn.PublishInput{TopicURN: topic, Subject: "Disk", Message: "90 % full"})
	require.NoError(t, err)
	said := next()
	require.True(t, strings.HasPrefix(said, "Disk\n90 % full\n"), said)
	require.Contains(t, said, "/smn/subscription/unsubscribe?subscription_urn="+urn)

	require.NoError(t, s.anyone.Unsubscribe(s.anyone.ctx, smn.SubscriptionInput{SubscriptionURN: urn}))
	require.Contains(t, next(), "/smn/subscription/confirm?", "there is a way back")
	require.Equal(t, smn.Cancelled, s.listed(t, urn).Status)
}
