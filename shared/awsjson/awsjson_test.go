package awsjson_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"

	"tocsin/shared/awsjson"
)

// answers is AWS: it answers one try after the other.
type answers []func(*http.Request) (*http.Response, error)

func (a *answers) Do(r *http.Request) (*http.Response, error) {
	next := (*a)[0]
	*a = (*a)[1:]
	return next(r)
}

func says(status int, body string, header ...string) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) {
		r := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		return r, nil
	}
}

func silent(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") }

func client(region string, tries ...func(*http.Request) (*http.Response, error)) (*awsjson.Client, *answers) {
	a := answers(tries)
	return awsjson.New(awsjson.Service{Name: "sqs", Target: "AmazonSQS", Version: "1.0"}, aws.Config{
		Region: region, HTTPClient: &a, RetryMaxAttempts: 3,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "secret", SessionToken: "session"}, nil
		}),
	}), &a
}

func TestCall(t *testing.T) {
	for region, url := range map[string]string{
		"eu-west-1":  "https://sqs.eu-west-1.amazonaws.com/",
		"cn-north-1": "https://sqs.cn-north-1.amazonaws.com.cn/",
	} {
		c, _ := client(region, func(r *http.Request) (*http.Response, error) {
			require.Equal(t, http.MethodPost, r.Method)
			require.Equal(t, url, r.URL.String())
			require.Equal(t, "AmazonSQS.SendMessage", r.Header.Get("X-Amz-Target"))
			require.Equal(t, "application/x-amz-json-1.0", r.Header.Get("Content-Type"))
			require.Equal(t, "session", r.Header.Get("X-Amz-Security-Token"))
			require.Regexp(t, "^AWS4-HMAC-SHA256 Credential=AKID/[0-9]{8}/"+region+"/sqs/aws4_request, SignedHeaders=.*content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature=[0-9a-f]{64}$",
				r.Header.Get("Authorization"))
			body, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			require.JSONEq(t, `{"a":1}`, string(body))
			return says(200, `{"b":2}`)(r)
		})
		var out struct{ B int }
		require.NoError(t, c.Call(t.Context(), "SendMessage", map[string]int{"a": 1}, &out))
		require.Equal(t, 2, out.B)
	}
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(*http.Request) (*http.Response, error)
		code   string
	}{
		"namespace": {says(400, `{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"gone"}`), "QueueDoesNotExist"},
		"plain":     {says(400, `{"__type":"ResourceNotFoundException","Message":"gone"}`), "ResourceNotFoundException"},
		"header":    {says(400, `{"message":"gone"}`, "X-Amzn-Errortype", "AccessDenied:http://aws/"), "AccessDenied"},
		"of old":    {says(400, `{"__type":"com.amazonaws.sqs#MessageNotInflight","message":"gone"}`, "X-Amzn-Query-Error", "AWS.SimpleQueueService.MessageNotInflight;Sender"), "AWS.SimpleQueueService.MessageNotInflight"},
	} {
		client, _ := client("eu-west-1", c.answer)
		err := client.Call(t.Context(), "SendMessage", struct{}{}, nil)
		require.Equal(t, c.code, awsjson.CodeOf(err), name)
		require.ErrorContains(t, err, "SendMessage: "+c.code+" (status 400): gone")
		refused, _ := errors.AsType[*awsjson.Error](err)
		require.Contains(t, string(refused.Body), `"gone"`)
	}
	require.Empty(t, awsjson.CodeOf(nil))
}

// What may end otherwise is tried again, three times in all here; nothing else is.
func TestTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			tries []func(*http.Request) (*http.Response, error)
			fails bool
		}{
			"mended":    {tries: []func(*http.Request) (*http.Response, error){silent, says(503, "<html>"), says(200, "{}")}},
			"throttled": {tries: []func(*http.Request) (*http.Response, error){says(400, `{"__type":"ThrottlingException"}`), says(429, ""), says(200, "{}")}},
			"given up":  {tries: []func(*http.Request) (*http.Response, error){silent, silent, silent}, fails: true},
			"refused":   {tries: []func(*http.Request) (*http.Response, error){says(400, `{"__type":"InvalidRequestException"}`)}, fails: true},
		} {
			client, left := client("eu-west-1", c.tries...)
			err := client.Call(t.Context(), "SendMessage", struct{}{}, nil)
			require.Equal(t, c.fails, err != nil, name)
			require.Empty(t, *left, name)
		}
	})
}

// Who backs off by himself gets a throttled call back at once, and what else may end
// otherwise is tried again as ever.
func TestBacksOff(t *testing.T) {
	for _, throttled := range []func(*http.Request) (*http.Response, error){
		says(400, `{"__type":"ThrottlingException"}`), says(400, `{"__type":"RequestLimitExceeded"}`), says(429, ""), says(503, `{"__type":"ThrottlingException"}`),
	} {
		synctest.Test(t, func(t *testing.T) {
			a := answers{silent, says(500, ""), throttled, says(200, "{}")}
			c := awsjson.New(awsjson.Service{Name: "dynamodb", Target: "DynamoDB_20120810", Version: "1.0", BacksOff: true}, aws.Config{
				Region: "eu-west-1", HTTPClient: &a, RetryMaxAttempts: 4, Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", ""),
			})
			err := c.Call(t.Context(), "GetItem", struct{}{}, nil)
			require.True(t, awsjson.Throttled(err), err)
			require.Len(t, a, 1)
			require.False(t, awsjson.Throttled(&awsjson.Error{Status: 500, Code: "InternalServerError"}))
			require.False(t, awsjson.Throttled(nil))
		})
	}
}

func TestEndOfContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c, left := client("eu-west-1", func(*http.Request) (*http.Response, error) {
		cancel()
		return nil, context.Canceled
	}, silent)
	require.ErrorIs(t, c.Call(ctx, "SendMessage", struct{}{}, nil), context.Canceled)
	require.Len(t, *left, 1)
}

// What does not have its checksum is asked for again.
func TestDamagedAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const whole = "2745614147" // of {}
		c, left := client("eu-west-1", says(200, "[]", "X-Amz-Crc32", whole), says(500, "{}", "X-Amz-Crc32", "1"), says(200, "{}", "X-Amz-Crc32", whole))
		require.NoError(t, c.Call(t.Context(), "GetItem", struct{}{}, &struct{}{}))
		require.Empty(t, *left)
		damaged := says(200, "[]", "X-Amz-Crc32", whole)
		c, _ = client("eu-west-1", damaged, damaged, damaged)
		require.ErrorContains(t, c.Call(t.Context(), "GetItem", struct{}{}, nil), "checksum")
	})
}

// An answer is read up to the bound of its service, and one that is longer is not asked
// for again.
func TestMaxAnswer(t *testing.T) {
	for bound, most := range map[int64]int{0: 16 << 20, 100: 100} {
		of := func(size int) *awsjson.Client {
			a := answers{says(200, `{"b":"`+strings.Repeat("b", size-len(`{"b":""}`))+`"}`)}
			return awsjson.New(awsjson.Service{Name: "sqs", Target: "AmazonSQS", Version: "1.0", MaxAnswer: bound}, aws.Config{
				Region: "eu-west-1", HTTPClient: &a, Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", ""),
			})
		}
		var out struct{ B string }
		require.NoError(t, of(most).Call(t.Context(), "ReceiveMessage", struct{}{}, &out))
		require.Len(t, out.B, most-len(`{"b":""}`))
		require.ErrorContains(t, of(most+1).Call(t.Context(), "ReceiveMessage", struct{}{}, &out), "ReceiveMessage: the answer is longer")
	}
}

func TestUnreadableAnswer(t *testing.T) {
	c, _ := client("eu-west-1", says(200, "<html>"))
	require.ErrorContains(t, c.Call(t.Context(), "SendMessage", struct{}{}, &struct{}{}), "SendMessage: read the answer")
}

func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		longest := time.Duration(0)
		for range 1000 {
			began := time.Now()
			require.NoError(t, awsjson.Pause(t.Context(), time.Second))
			longest = max(longest, time.Since(began))
		}
		require.Greater(t, longest, 900*time.Millisecond)
		require.LessOrEqual(t, longest, time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, awsjson.Pause(ctx, time.Hour), context.Canceled)
	})
}
