package dynamostore

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// onWire is DynamoDB behind the client of NewClient: it answers the JSON of a call.
type onWire func(operation, body string) (status int, answer string)

func (w onWire) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	status, answer := w(operation, string(body))
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(answer))}, nil
}

// openOn opens a store on it.
func openOn(t *testing.T, wire onWire) *DB {
	t.Helper()
	db, err := New(Config{Table: "t", Queue: noQueue{}, Client: NewClient(aws.Config{
		Region: "eu-west-1", HTTPClient: wire, RetryMaxAttempts: 4,
		Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", ""),
	})})
	require.NoError(t, err)
	return db
}

// One loop waits for a table that is throttled, and not another within it.
func TestBusyTableOnTheWire(t *testing.T) {
	for answer, status := range map[string]int{
		`{"__type":"com.amazon.coral.availability#ThrottlingException","message":"Rate of requests exceeds the allowed throughput."}`: http.StatusBadRequest,
		`{"__type":"com.amazonaws.dynamodb.v20120810#RequestLimitExceeded"}`:                                                          http.StatusBadRequest,
		"of a gateway": http.StatusTooManyRequests,
	} {
		synctest.Test(t, func(t *testing.T) {
			db := openOn(t, func(string, string) (int, string) { return status, answer })
			began := time.Now()
			_, _, err := db.get(t.Context(), key{"P", "1"})
			require.ErrorIs(t, err, store.ErrFull)
			require.Equal(t, smn.Overloaded, smn.CodeOf(err))
			require.GreaterOrEqual(t, time.Since(began), maxWait)
			require.Less(t, time.Since(began), maxWait+maxPause)
		})
	}
}

// The longest answer is read: a template of every protocol, of what is longest in JSON.
func TestLongestAnswer(t *testing.T) {
	protocols := []smn.Protocol{
		smn.DefaultVariant, smn.HTTP, smn.HTTPS, smn.Email, smn.SMS, smn.Call, smn.FunctionStage, smn.FunctionGraph,
		smn.DingDing, smn.Feishu, smn.WeChat, smn.WeLink, smn.Slack, smn.Teams, "dingTalkBot", "dms", "application",
	}
	var items []string
	var keys []key
	for _, p := range protocols {
		require.True(t, p == smn.DefaultVariant || p.IsNamed(), p)
		k := versionKey(strings.Repeat("v", 32-len(p)) + string(p))
		content := strings.Repeat(`\u0001`, smn.MaxMessage)
		items = append(items, `{"pk":{"S":"`+k.pk+`"},"sk":{"S":"-"},"content":{"S":"`+content+`"}}`)
		keys = append(keys, k)
	}
	answer := `{"Responses":{"t":[` + strings.Join(items, ",") + `]},"UnprocessedKeys":{}}`
	db := openOn(t, func(string, string) (int, string) { return http.StatusOK, answer })
	rows, err := db.getMany(t.Context(), keys)
	require.NoError(t, err)
	require.Len(t, rows, len(protocols))
	for _, r := range rows {
		require.Len(t, r.str("content"), smn.MaxMessage)
	}
	db = openOn(t, func(string, string) (int, string) { return http.StatusOK, strings.Repeat(" ", maxAnswer+1) })
	_, err = db.getMany(t.Context(), keys)
	require.ErrorContains(t, err, "longer than any may be")
}
