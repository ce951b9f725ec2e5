package ses_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/stretchr/testify/require"

	"tocsin/internal/emulators"
	"tocsin/shared/deliver"
	"tocsin/shared/deliver/letter"
	"tocsin/shared/deliver/ses"
)

// captured is a mail that moto has taken.
type captured struct {
	Source, Subject, Body string
	Destinations          struct{ ToAddresses []string }
}

func TestByMoto(t *testing.T) {
	cfg := emulators.Moto(t)
	client := sesv2.NewFromConfig(cfg)
	sends, err := ses.New(ses.Config{Client: client, From: "moto@example.com"})
	require.NoError(t, err)
	d := notification()
	d.TopicDisplay, d.Subject, d.Endpoint = "Wächter, \"Disk\"", "磁盘已满", "moto-reader@example.org"
	o := sends.Send(t.Context(), d)
	require.Equal(t, deliver.Dead, o.Result, "nobody has verified the sender")
	require.Equal(t, "SES refused the message (MessageRejected)", o.Reason)

	_, err = client.CreateEmailIdentity(t.Context(), &sesv2.CreateEmailIdentityInput{EmailIdentity: aws.String("moto@example.com")})
	require.NoError(t, err)
	require.Equal(t, deliver.Outcome{Status: 200}, sends.Send(t.Context(), d))

	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, *cfg.BaseEndpoint+"/moto-api/data.json", nil)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, answer.Body.Close()) }()
	var all struct{ SES struct{ Message []captured } }
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&all))
	i := slices.IndexFunc(all.SES.Message, func(m captured) bool { return slices.Contains(m.Destinations.ToAddresses, d.Endpoint) })
	require.GreaterOrEqual(t, i, 0)
	got := all.SES.Message[i]
	require.Equal(t, "=?utf-8?b?V8OkY2h0ZXIsICJEaXNrIg==?= <moto@example.com>", got.Source)
	require.Equal(t, "=?UTF-8?B?56OB55uY5bey5ruh?=", got.Subject)
	require.Equal(t, letter.HTML(d), got.Body)
	require.Contains(t, got.Body, `href="https://host.example/smn/subscription/unsubscribe?subscription_urn=`)
}
