package carrier_test

import (
	"container/heap"
	"context"
	"math"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/carrier"
)

// script is a service without a wire.
type script func(r *http.Request) (*http.Response, error)

func (s script) Do(r *http.Request) (*http.Response, error) { return s(r) }

// say answers with a status, an id and a code.
func say(status int, id, code string) script {
	return func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{"Id": {id}, "Code": {code}}, Body: http.NoBody}, nil
	}
}

var (
	taken     = say(200, "id", "")
	throttled = say(429, "", "TooManyRequestsException")
)

func read(header http.Header, _ []byte) (id, code string) {
	return header.Get("Id"), header.Get("Code")
}

// tried is a carrier whose service can be exchanged.
type tried struct {
	*carrier.Carrier
	service script
}

func (c *tried) Do(r *http.Request) (*http.Response, error) { return c.service(r) }

// hand makes an attempt at a service.
func (c *tried) hand(ctx context.Context, service script) deliver.Outcome {
	c.service = service
	return c.Hand(ctx, carrier.Call{Path: "/", ContentType: "text/plain", Body: []byte("text")})
}

func configOf(rate float64) carrier.Config {
	return carrier.Config{
		Name: "SES", Host: "email", Signing: "ses", Rate: rate, Read: read,
		AWS: aws.Config{Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("AKID", "key", "session")},
	}
}

func newTried(t require.TestingT, config carrier.Config) *tried {
	var made tried
	config.AWS.HTTPClient = &made
	var err error
	made.Carrier, err = carrier.New(config)
	require.NoError(t, err)
	return &made
}

func newCarrier(t require.TestingT, rate float64) *tried { return newTried(t, configOf(rate)) }

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
func send(t require.TestingT, n int, carriers ...*tried) (sent []time.Time, putOff int) {
	waiting := make(queue, n)
	for i := range waiting {
		waiting[i] = time.Now()
	}
	for waiting.Len() > 0 {
		time.Sleep(time.Until(heap.Pop(&waiting).(time.Time)))
		switch o := carriers[rand.N(len(carriers))].hand(context.Background(), taken); o.Result {
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
		config := configOf(rate)
		config.Now = func() time.Time { return now }
		c := newTried(rt, config)
		var sent []time.Time
		for _, gap := range gaps {
			now = now.Add(gap)
			if c.hand(t.Context(), taken).Result == deliver.Delivered {
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
		carriers := make([]*tried, instances)
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
				o := c.hand(t.Context(), throttled)
				require.Equal(t, deliver.Later, o.Result)
				require.Equal(t, 429, o.Status)
				require.Equal(t, "SES takes no more for now (TooManyRequestsException)", o.Reason)
				require.LessOrEqual(t, o.After, 10*time.Minute)
				calls := 0
				call := func(r *http.Request) (*http.Response, error) { calls++; return throttled(r) }
				for range 100 {
					o := c.hand(t.Context(), call)
					require.Equal(t, deliver.Later, o.Result)
					require.Positive(t, o.After)
				}
				time.Sleep(want - time.Nanosecond)
				require.Equal(t, deliver.Later, c.hand(t.Context(), call).Result)
				require.Zero(t, calls)
				time.Sleep(time.Nanosecond)
				require.Equal(t, want, time.Since(began))
				want = min(2*want, 10*time.Minute)
			}
			require.Equal(t, deliver.Delivered, c.hand(t.Context(), taken).Result)
			time.Sleep(100 * time.Millisecond)
			began := time.Now()
			require.Equal(t, deliver.Later, c.hand(t.Context(), throttled).Result)
			time.Sleep(time.Second - time.Nanosecond)
			require.Equal(t, deliver.Later, c.hand(t.Context(), taken).Result)
			time.Sleep(time.Nanosecond)
			require.Equal(t, deliver.Delivered, c.hand(t.Context(), taken).Result, "it begins with a second again")
			require.Equal(t, time.Second, time.Since(began))
			second := c.hand(t.Context(), taken).Result
			require.Equal(t, rate == 0, second == deliver.Delivered, "no burst follows a pause")
		})
	}
}

// Many attempts under way that are throttled together are one reason to pause.
func TestThrottledTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCarrier(t, 100)
		var calls atomic.Int64
		c.service = func(r *http.Request) (*http.Response, error) {
			time.Sleep(time.Duration(calls.Add(1)) * 10 * time.Millisecond)
			return throttled(r)
		}
		for range 50 {
			go c.Hand(t.Context(), carrier.Call{Path: "/"})
		}
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		require.EqualValues(t, 50, calls.Load())
		time.Sleep(510 * time.Millisecond)
		require.Equal(t, deliver.Delivered, c.hand(t.Context(), taken).Result)
	})
}
