package contract

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/smn/smntest"
	"tocsin/shared/store"
)

// TestSMSOfTopicsAreCounted follows an SMS of a topic from its subscription to the
// statistics.
func TestSMSOfTopicsAreCounted(t *testing.T) {
	in := install(t)
	ctx := smn.WithCaller(t.Context(), smntest.Owner)
	topic, err := in.broker.CreateTopic(ctx, smn.CreateTopicInput{Name: "topic"})
	require.NoError(t, err)
	_, err = in.broker.Subscribe(ctx, smn.SubscribeInput{
		TopicURN: topic.URN, NewSubscription: smn.NewSubscription{Protocol: smn.SMS, Endpoint: "+4915112345678"},
	})
	require.NoError(t, err)
	link, err := url.Parse(in.mails(t, 1)[0].SubscribeURL)
	require.NoError(t, err)
	_, err = in.broker.ConfirmSubscription(ctx, smn.ConfirmSubscriptionInput{Token: link.Query().Get("token")})
	require.NoError(t, err)
	before := time.Now().Truncate(time.Hour).UTC()
	for range 2 {
		_, err = in.broker.Publish(ctx, smn.PublishInput{TopicURN: topic.URN, Message: "disk full"})
		require.NoError(t, err)
	}
	sent := func() (n int) {
		counts, err := in.broker.GetTopicStatistics(ctx, smn.TopicStatisticsInput{TopicURN: topic.URN, From: before, To: before.Add(2 * time.Hour)})
		require.NoError(t, err)
		for _, c := range counts {
			n += c.SMS
		}
		return n
	}
	require.Eventually(t, func() bool { return sent() == 2 }, patience, patienceStep)
}

// mails waits for so many mails in the outbox.
func (in installation) mails(t *testing.T, n int) (mails []store.Mail) {
	t.Helper()
	require.Eventually(t, func() bool {
		var err error
		mails, err = in.outbox.ListMail(t.Context(), 10)
		return err == nil && len(mails) == n
	}, patience, patienceStep)
	return mails
}

// TestManyEndpoints sends one text to many numbers, as SMN's older SDKs do.
func TestManyEndpoints(t *testing.T) {
	in, v := visit(t)
	a := v.send(t, http.MethodPost, mine+"/sms",
		`{"endpoints":["112","110","112"],"message":"fire","sign_id":"","message_include_sign_flag":"true"}`)
	require.Equal(t, http.StatusOK, a.status)
	var body struct {
		Result []map[string]string `json:"result"`
	}
	require.NoError(t, json.Unmarshal([]byte(a.body), &body))
	require.Len(t, body.Result, 3)
	require.NotEmpty(t, body.Result[0]["message_id"])
	require.NotEmpty(t, body.Result[1]["message_id"])
	require.Equal(t, "SMN.0190", body.Result[2]["code"])
	for _, m := range in.mails(t, 2) {
		require.Equal(t, smn.SMS, m.Protocol)
		require.Equal(t, "fire", m.Text)
	}
}

// TestPushReachesTheOutbox sees that a push message comes with its text.
func TestPushReachesTheOutbox(t *testing.T) {
	in := install(t)
	ctx := smn.WithCaller(t.Context(), smntest.Owner)
	app, err := in.broker.CreateApplication(ctx, smn.CreateApplicationInput{
		Name: "shop", Platform: smn.HMS, PushCredentials: smn.PushCredentials{Principal: "app1", Credential: strings.Repeat("s", 32)},
	})
	require.NoError(t, err)
	device, err := in.broker.CreatePushEndpoint(ctx, smn.CreatePushEndpointInput{ApplicationURN: app.URN, Token: "token"})
	require.NoError(t, err)
	id, err := in.broker.Push(ctx, smn.PushInput{EndpointURN: device.URN, Structure: `{"HMS":{"hps":{}}}`})
	require.NoError(t, err)
	m := in.mails(t, 1)[0]
	require.Equal(t, smn.HMS.Protocol(), m.Protocol)
	require.Equal(t, "token", m.To)
	require.JSONEq(t, `{"hps":{}}`, m.Text)
	require.Equal(t, id, m.MessageID)
}
