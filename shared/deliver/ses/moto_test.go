package ses_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
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

// verify makes an address one that SES sends from.
func verify(t *testing.T, cfg aws.Config, address string) {
	body := `{"EmailIdentity":"` + address + `"}`
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, *cfg.BaseEndpoint+"/v2/email/identities", strings.NewReader(body))
	require.NoError(t, err)
	keys, err := cfg.Credentials.Retrieve(t.Context())
	require.NoError(t, err)
	sum := sha256.Sum256([]byte(body))
	require.NoError(t, v4.NewSigner().SignHTTP(t.Context(), keys, request, hex.EncodeToString(sum[:]), "ses", cfg.Region, time.Now()))
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusOK, answer.StatusCode)
}

func TestByMoto(t *testing.T) {
	cfg := emulators.Moto(t)
	sends, err := ses.New(ses.Config{AWS: cfg, From: "moto@example.com"})
	require.NoError(t, err)
	d := notification()
	d.TopicDisplay, d.Subject, d.Endpoint = "Wächter, \"Disk\"", "磁盘已满", "moto-reader@example.org"
	o := sends.Send(t.Context(), d)
	require.Equal(t, deliver.Dead, o.Result, "nobody has verified the sender")
	require.Equal(t, "SES refused the message (MessageRejected)", o.Reason)

	verify(t, cfg, "moto@example.com")
	require.Equal(t, deliver.Outcome{Status: 200}, sends.Send(t.Context(), d))

	var all struct{ SES struct{ Message []captured } }
	emulators.Captured(t, *cfg.BaseEndpoint, &all)
	i := slices.IndexFunc(all.SES.Message, func(m captured) bool { return slices.Contains(m.Destinations.ToAddresses, d.Endpoint) })
	require.GreaterOrEqual(t, i, 0)
	got := all.SES.Message[i]
	require.Equal(t, "=?UTF-8?B?V8OkY2h0ZXIsICJEaXNrIg==?= <moto@example.com>", got.Source)
	require.Equal(t, "=?UTF-8?B?56OB55uY5bey5ruh?=", got.Subject)
	require.Equal(t, letter.HTML(d), got.Body)
	require.Contains(t, got.Body, `href="https://host.example/smn/subscription/unsubscribe?subscription_urn=`)
}
