package awspost_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"tocsin/shared/awspost"
)

// service is one without a wire.
type service func(*http.Request) (*http.Response, error)

func (s service) Do(r *http.Request) (*http.Response, error) { return s(r) }

func says(status int, body io.Reader) service {
	return func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{"Id": {"1"}}, Body: io.NopCloser(body)}, nil
	}
}

func poster(s service) *awspost.Poster {
	return awspost.New(awspost.Config{
		Host: "email", Signing: "ses", MaxAnswer: 10,
		Now: func() time.Time { return time.Date(2026, 7, 10, 9, 45, 0, 0, time.UTC) },
		AWS: aws.Config{Region: "eu-west-1", HTTPClient: s, Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "secret", SessionToken: "session"}, nil
		})},
	})
}

func TestURL(t *testing.T) {
	for _, c := range []struct {
		aws  aws.Config
		want string
	}{
		{aws.Config{Region: "eu-west-1"}, "https://email.eu-west-1.amazonaws.com"},
		{aws.Config{Region: "cn-north-1"}, "https://email.cn-north-1.amazonaws.com.cn"},
		{aws.Config{Region: "eu-west-1", BaseEndpoint: aws.String("http://127.0.0.1:5000/")}, "http://127.0.0.1:5000"},
	} {
		require.Equal(t, c.want, awspost.New(awspost.Config{Host: "email", AWS: c.aws}).URL())
	}
}

func TestPost(t *testing.T) {
	p := poster(func(r *http.Request) (*http.Response, error) {
		require.Equal(t, http.MethodPost, r.Method)
		require.Equal(t, "https://email.eu-west-1.amazonaws.com/v2/send", r.URL.String())
		require.Equal(t, "text/plain", r.Header.Get("Content-Type"))
		require.Equal(t, "tocsin", r.Header.Get("User-Agent"))
		require.Equal(t, "session", r.Header.Get("X-Amz-Security-Token"))
		require.Equal(t, "20260710T094500Z", r.Header.Get("X-Amz-Date"))
		require.Regexp(t, "^AWS4-HMAC-SHA256 Credential=AKID/20260710/eu-west-1/ses/aws4_request, SignedHeaders=content-length;content-type;host;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$",
			r.Header.Get("Authorization"))
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		require.Equal(t, "text", string(body))
		return says(http.StatusTeapot, strings.NewReader("much more than is read"))(r)
	})
	a, err := p.Post(t.Context(), "/v2/send", map[string]string{"Content-Type": "text/plain"}, []byte("text"))
	require.NoError(t, err)
	require.Equal(t, awspost.Answer{Status: http.StatusTeapot, Header: http.Header{"Id": {"1"}}, Body: []byte("much more ")}, a)
}

// Whoever asks learns how far it came.
func TestFailures(t *testing.T) {
	for name, c := range map[string]struct {
		service service
		want    awspost.Answer
	}{
		"nobody there":   {func(*http.Request) (*http.Response, error) { return nil, errors.New("refused") }, awspost.Answer{}},
		"late":           {func(*http.Request) (*http.Response, error) { return nil, os.ErrDeadlineExceeded }, awspost.Answer{Late: true}},
		"half an answer": {says(200, io.MultiReader(strings.NewReader("half"), iotest.ErrReader(errors.New("reset")))), awspost.Answer{Status: 200, Header: http.Header{"Id": {"1"}}}},
	} {
		a, err := poster(c.service).Post(t.Context(), "/", nil, nil)
		require.Error(t, err, name)
		require.Equal(t, c.want, a, name)
	}
	locked := awspost.New(awspost.Config{Host: "email", AWS: aws.Config{
		HTTPClient:  service(func(*http.Request) (*http.Response, error) { panic("asked") }),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, os.ErrDeadlineExceeded }),
	}})
	a, err := locked.Post(t.Context(), "/", nil, nil)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.Zero(t, a, "the service was not asked, so it is not late")
}
