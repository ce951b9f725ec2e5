package carrier_test

import (
	"container/heap"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/carrier"
)

func newCarrier(t require.TestingT, rate float64) *carrier.Carrier {
	c, err := carrier.New(carrier.Config{Name: "SES", Rate: rate})
	require.NoError(t, err)
	return c
}

func taken(context.Context) (*string, error) { return aws.String("id"), nil }

// refusal is what a client of the SDK makes of an answer.
func refusal(status int, code string) error {
	return &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}},
		Err:      &smithy.GenericAPIError{Code: code, Message: "ann@example.org must not be shown"},
	}
}

func throttled(context.Context) (*string, error) {
	return nil, refusal(429, "TooManyRequestsException")
}

// queue is what waits to be sent, by when.
type queue []time.Time

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].Before(q[j]) }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)        { *q = append(*q, x.(time.Time)) }
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// send sends so many messages at once through carriers, any of which may be asked
// when one comes back, as an engine does. It tells when each was sent, and how often
// any was put off.
func send(t require.TestingT, n int, carriers ...*carrier.Carrier) (sent []time.Time, putOff int) {
	waiting := make(queue, n)
	for i := range waiting {
		waiting[i] = time.Now()
	}
	for waiting.Len() > 0 {
		time.Sleep(time.Until(heap.Pop(&waiting).(time.Time)))
		switch o := carriers[rand.N(len(carriers))].Hand(context.Background(), taken); o.Result {
		case deliver.Delivered:
			sent = append(sent, time.Now())
		default:
			require.Equal(t, deliver.Later, o.Result)
			require.Positive(t, o.After)
			require.LessOrEqual(t, o.After, 10*time.Minute)
			require.Equal(t, "more than SES is to get in a second", o.Reason)
			heap.Push(&waiting, time.Now().Add(o.After))
			putOff++
		}
	}
	return sent, putOff
}

func TestPace(t *testing.T) {
	for _, c := range []struct {
		rate        float64
		n, putOff   int
		takesAtMost time.Duration
	}{
		{10, 10, 0, 0},
		{10, 11, 1, 100 * time.Millisecond},
		{10, 1010, 1000, 100 * time.Second},
		{1, 61, 60, 60 * time.Second},
		{0.1, 4, 3, 30 * time.Second},
		{0, 5000, 0, 0},
		{math.Inf(1), 5000, 0, 0},
		{14, 12000, 24000, 16 * time.Minute}, // what would wait for more than ten minutes asks more than once
	} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			sent, putOff := send(t, c.n, newCarrier(t, c.rate))
			took := sent[c.n-1].Sub(began)
			require.LessOrEqual(t, took, c.takesAtMost+time.Microsecond, c)
			require.LessOrEqual(t, putOff, c.putOff, c)
		})
	}
}

// Nobody gets more than a second's messages at once and then the rate, whenever they
// come.
func TestPaceIsKept(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rate := rapid.SampledFrom([]float64{0.5, 1, 3, 14, 200}).Draw(rt, "rate")
		gaps := rapid.SliceOfN(rapid.SampledFrom([]time.Duration{0, 0, 0, time.Millisecond, 70 * time.Millisecond, time.Second, 5 * time.Second}), 1, 300).Draw(rt, "gaps")
		now := time.Unix(1e9, 0)
		c, err := carrier.New(carrier.Config{Name: "SES", Rate: rate, Now: func() time.Time { return now }})
		require.NoError(rt, err)
		var sent []time.Time
		for _, gap := range gaps {
			now = now.Add(gap)
			if c.Hand(t.Context(), taken).Result == deliver.Delivered {
				sent = append(sent, now)
			}
		}
		require.NotEmpty(rt, sent)
		for i := range sent {
			for j := i; j < len(sent); j++ {
				require.LessOrEqual(rt, float64(j-i+1), max(rate, 1)+sent[j].Sub(sent[i]).Seconds()*rate+0.001)
			}
		}
	})
}

// Instances that share a queue lose little by not knowing of each other.
func TestPaceOfManyInstances(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const instances, each, n = 8, 5, 8000
		carriers := make([]*carrier.Carrier, instances)
		for i := range carriers {
			carriers[i] = newCarrier(t, each)
		}
		began := time.Now()
		sent, putOff := send(t, n, carriers...)
		require.Less(t, sent[n-1].Sub(began), n*time.Second/(instances*each)*5/4)
		require.Less(t, putOff, 2*n)
	})
}

// A service that throttles is left alone for longer and longer, up to ten minutes, and
// then gets one message at a time until it takes one.
func TestThrottling(t *testing.T) {
	for _, rate := range []float64{0, 10} {
		synctest.Test(t, func(t *testing.T) {
			c := newCarrier(t, rate)
			want := time.Second
			for range 14 {
				began := time.Now()
				o := c.Hand(t.Context(), throttled)
				require.Equal(t, deliver.Later, o.Result)
				require.Equal(t, 429, o.Status)
				require.Equal(t, "SES takes no more for now (TooManyRequestsException)", o.Reason)
				require.LessOrEqual(t, o.After, 10*time.Minute)
				calls := 0
				call := func(context.Context) (*string, error) { calls++; return nil, refusal(429, "TooManyRequestsException") }
				for range 100 {
					o := c.Hand(t.Context(), call)
					require.Equal(t, deliver.Later, o.Result)
					require.Positive(t, o.After)
				}
				time.Sleep(want - time.Nanosecond)
				require.Equal(t, deliver.Later, c.Hand(t.Context(), call).Result)
				require.Zero(t, calls)
				time.Sleep(time.Nanosecond)
				require.Equal(t, want, time.Since(began))
				want = min(2*want, 10*time.Minute)
			}
			require.Equal(t, deliver.Delivered, c.Hand(t.Context(), taken).Result)
			time.Sleep(100 * time.Millisecond)
			began := time.Now()
			require.Equal(t, deliver.Later, c.Hand(t.Context(), throttled).Result)
			time.Sleep(time.Second - time.Nanosecond)
			require.Equal(t, deliver.Later, c.Hand(t.Context(), taken).Result)
			time.Sleep(time.Nanosecond)
			require.Equal(t, deliver.Delivered, c.Hand(t.Context(), taken).Result, "it begins with a second again")
			require.Equal(t, time.Second, time.Since(began))
			second := c.Hand(t.Context(), taken).Result
			require.Equal(t, rate == 0, second == deliver.Delivered, "no burst follows a pause")
		})
	}
}

// Many attempts under way that are throttled together are one reason to pause.
func TestThrottledTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCarrier(t, 100)
		for i := range 50 {
			go c.Hand(t.Context(), func(ctx context.Context) (*string, error) {
				time.Sleep(time.Duration(i) * 10 * time.Millisecond)
				return throttled(ctx)
			})
		}
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		time.Sleep(500 * time.Millisecond)
		require.Equal(t, deliver.Delivered, c.Hand(t.Context(), taken).Result)
	})
}

func TestAttemptsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCarrier(t, 0)
		began := time.Now()
		hang := func(ctx context.Context) (*string, error) {
			<-ctx.Done()
			return nil, &smithy.OperationError{Err: ctx.Err()}
		}
		require.Equal(t, deliver.Outcome{Result: deliver.Again, Reason: "no answer of SES within 10s"}, c.Hand(t.Context(), hang))
		require.Equal(t, 10*time.Second, time.Since(began))

		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		require.Equal(t, deliver.Outcome{Result: deliver.Again, Reason: "the attempt was broken off"}, c.Hand(ctx, hang))
	})
}

func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		id   *string
		err  error
		want deliver.Outcome
	}{
		"taken":         {aws.String("id"), nil, deliver.Outcome{Status: 200}},
		"without an id": {nil, nil, deliver.Outcome{Result: deliver.Again, Status: 200, Reason: "no readable answer of SES"}},
		"empty id":      {aws.String(""), nil, deliver.Outcome{Result: deliver.Again, Status: 200, Reason: "no readable answer of SES"}},
		"no connection": {nil, errors.New("dial tcp: secret"), deliver.Outcome{Result: deliver.Again, Reason: "SES could not be asked"}},
		"refused":       {nil, refusal(400, "MessageRejected"), deliver.Outcome{Result: deliver.Dead, Status: 400, Reason: "SES refused the message (MessageRejected)"}},
		"in trouble":    {nil, refusal(503, "ServiceUnavailable"), deliver.Outcome{Result: deliver.Again, Status: 503, Reason: "SES is in trouble (ServiceUnavailable)"}},
		"5xx, no code":  {nil, refusal(500, "UnknownError"), deliver.Outcome{Result: deliver.Again, Status: 500, Reason: "SES is in trouble"}},
		"4xx, no code":  {nil, refusal(400, "UnknownError"), deliver.Outcome{Result: deliver.Again, Status: 400, Reason: "no readable answer of SES"}},
		"code of words": {nil, refusal(400, "it was ann@example.org"), deliver.Outcome{Result: deliver.Again, Status: 400, Reason: "no readable answer of SES"}},
		"slow request":  {nil, refusal(408, "RequestTimeout"), deliver.Outcome{Result: deliver.Again, Status: 408, Reason: "SES is in trouble (RequestTimeout)"}},
		"our rights":    {nil, refusal(403, "AccessDeniedException"), deliver.Outcome{Result: deliver.Again, Status: 403, Reason: "SES refused us (AccessDeniedException)"}},
		"our keys":      {nil, refusal(400, "UnrecognizedClientException"), deliver.Outcome{Result: deliver.Again, Status: 400, Reason: "SES refused us (UnrecognizedClientException)"}},
		"our account":   {nil, refusal(400, "SendingPausedException"), deliver.Outcome{Result: deliver.Again, Status: 400, Reason: "SES refused us (SendingPausedException)"}},
	} {
		o := newCarrier(t, 0).Hand(t.Context(), func(context.Context) (*string, error) { return c.id, c.err })
		require.Equal(t, c.want, o, name)
	}
	for _, code := range []string{
		"Throttling", "ThrottlingException", "Throttled", "ThrottledException", "RequestThrottled", "TooManyRequestsException", "TooManyRequests",
		"RequestLimitExceeded", "LimitExceededException", "MaxSendingRateExceededException", "SlowDown",
	} {
		for _, status := range []int{400, 429, 503} {
			o := newCarrier(t, 0).Hand(t.Context(), func(context.Context) (*string, error) { return nil, refusal(status, code) })
			require.Equal(t, deliver.Later, o.Result, code)
			require.Positive(t, o.After)
		}
	}
}

func TestNewRefusesRates(t *testing.T) {
	for _, rate := range []float64{-1, math.NaN(), math.Inf(-1)} {
		_, err := carrier.New(carrier.Config{Name: "SES", Rate: rate})
		require.ErrorContains(t, err, "Rate")
	}
}
