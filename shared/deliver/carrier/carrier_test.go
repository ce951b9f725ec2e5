package carrier_test

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/carrier"
)

func TestCall(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*carrier.Config)
		url    string
	}{
		"of the region":   {func(*carrier.Config) {}, "https://email.eu-west-1.amazonaws.com/"},
		"in China":        {func(c *carrier.Config) { c.AWS.Region = "cn-north-1" }, "https://email.cn-north-1.amazonaws.com.cn/"},
		"another address": {func(c *carrier.Config) { c.AWS.BaseEndpoint = aws.String("http://127.0.0.1:5000/") }, "http://127.0.0.1:5000/"},
	} {
		config := configOf(0)
		config.Now = func() time.Time { return time.Date(2026, 7, 10, 9, 45, 0, 0, time.UTC) }
		c.change(&config)
		o := newTried(t, config).hand(t.Context(), func(r *http.Request) (*http.Response, error) {
			require.Equal(t, http.MethodPost, r.Method)
			require.Equal(t, c.url, r.URL.String(), name)
			body, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			require.Equal(t, "text", string(body))
			require.Equal(t, "text/plain", r.Header.Get("Content-Type"))
			require.Equal(t, "session", r.Header.Get("X-Amz-Security-Token"))
			require.Equal(t, "20260710T094500Z", r.Header.Get("X-Amz-Date"))
			require.Regexp(t, "^AWS4-HMAC-SHA256 Credential=AKID/20260710/[a-z0-9-]+/ses/aws4_request, SignedHeaders=content-length;content-type;host;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$",
				r.Header.Get("Authorization"))
			return taken(r)
		})
		require.Equal(t, deliver.Outcome{Status: 200}, o)
	}
}

func TestAttemptsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCarrier(t, 0)
		began := time.Now()
		hang := func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}
		require.Equal(t, deliver.Outcome{Result: deliver.Again, Reason: "no answer of SES in time"}, c.hand(t.Context(), hang))
		require.Equal(t, 10*time.Second, time.Since(began))

		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		require.Equal(t, deliver.Outcome{Result: deliver.Again, Reason: "the attempt was broken off"}, c.hand(ctx, hang))
	})
}

// endless is a body that goes on, and counts what was read of it.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	e.read += len(p)
	return len(p), nil
}

func (*endless) Close() error { return nil }

func TestEndlessAnswer(t *testing.T) {
	var body endless
	o := newCarrier(t, 0).hand(t.Context(), func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Body: &body}, nil
	})
	require.Equal(t, deliver.Outcome{Result: deliver.Again, Status: 200, Reason: "no readable answer of SES"}, o)
	require.LessOrEqual(t, body.read, 2<<20)
}

func TestAnswers(t *testing.T) {
	again := func(status int, reason string) deliver.Outcome {
		return deliver.Outcome{Result: deliver.Again, Status: status, Reason: reason}
	}
	dead := func(code string) deliver.Outcome {
		return deliver.Outcome{Result: deliver.Dead, Status: 400, Reason: "SES refused the message (" + code + ")"}
	}
	for name, c := range map[string]struct {
		service script
		want    deliver.Outcome
	}{
		"taken":         {taken, deliver.Outcome{Status: 200}},
		"without an id": {say(200, "", ""), again(200, "no readable answer of SES")},
		"not here":      {say(302, "id", ""), again(302, "no readable answer of SES")},
		"no connection": {func(*http.Request) (*http.Response, error) { return nil, errors.New("dial tcp: secret") }, again(0, "SES could not be asked")},
		"late":          {func(*http.Request) (*http.Response, error) { return nil, os.ErrDeadlineExceeded }, again(0, "no answer of SES in time")},
		"refused":       {say(400, "", "MessageRejected"), dead("MessageRejected")},
		"in trouble":    {say(503, "", "ServiceUnavailable"), again(503, "SES is in trouble (ServiceUnavailable)")},
		"5xx, no code":  {say(500, "", ""), again(500, "SES is in trouble")},
		"4xx, no code":  {say(400, "", ""), again(400, "no readable answer of SES")},
		"code of words": {say(400, "", "it was ann@example.org"), again(400, "no readable answer of SES")},
		"longest code":  {say(400, "", strings.Repeat("x", 64)), dead(strings.Repeat("x", 64))},
		"too long code": {say(400, "", strings.Repeat("x", 65)), again(400, "no readable answer of SES")},
		"slow request":  {say(408, "", "RequestTimeout"), again(408, "SES is in trouble (RequestTimeout)")},
		"our rights":    {say(403, "", "AccessDeniedException"), again(403, "SES refused us (AccessDeniedException)")},
		"our login":     {say(401, "", "Whatever"), again(401, "SES refused us (Whatever)")},
		"our keys":      {say(400, "", "UnrecognizedClientException"), again(400, "SES refused us (UnrecognizedClientException)")},
		"our account":   {say(400, "", "SendingPausedException"), again(400, "SES refused us (SendingPausedException)")},
	} {
		require.Equal(t, c.want, newCarrier(t, 0).hand(t.Context(), c.service), name)
	}
	for _, code := range []string{
		"Throttling", "ThrottlingException", "Throttled", "ThrottledException", "RequestThrottled", "TooManyRequestsException", "TooManyRequests",
		"RequestLimitExceeded", "LimitExceededException", "MaxSendingRateExceededException", "SlowDown",
	} {
		for _, status := range []int{400, 429, 503} {
			o := newCarrier(t, 0).hand(t.Context(), say(status, "", code))
			require.Equal(t, deliver.Later, o.Result, code)
			require.Positive(t, o.After)
		}
	}
	require.Equal(t, deliver.Later, newCarrier(t, 0).hand(t.Context(), say(429, "", "")).Result)
}

func TestWithoutCredentials(t *testing.T) {
	config := configOf(0)
	config.AWS.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New("secret")
	})
	o := newTried(t, config).hand(t.Context(), func(*http.Request) (*http.Response, error) { panic("asked") })
	require.Equal(t, deliver.Outcome{Result: deliver.Again, Reason: "SES could not be asked"}, o)
}

func TestNewNamesWhatIsWrong(t *testing.T) {
	for _, rate := range []float64{-1, math.NaN(), math.Inf(-1)} {
		_, err := carrier.New(configOf(rate))
		require.ErrorContains(t, err, "Config.Rate")
	}
	for _, spoil := range []func(*carrier.Config){
		func(c *carrier.Config) { c.AWS.Region = "" },
		func(c *carrier.Config) { c.AWS.Credentials = nil },
	} {
		config := configOf(0)
		spoil(&config)
		_, err := carrier.New(config)
		require.ErrorContains(t, err, "Config.AWS")
	}
}
