package deliver_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/iam"
	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
	"tocsin/shared/wire"
)

// endpoints is a sender that notes what it is given and answers as told.
type endpoints struct {
	answer func(ctx context.Context, d deliver.Delivery, attempt int) deliver.Outcome // nil: all is delivered

	mu    sync.Mutex
	got   []deliver.Delivery
	times []time.Time
	tried map[string]int // by message and subscription
	now   int            // attempts under way
	most  int
}

func (e *endpoints) Send(ctx context.Context, d deliver.Delivery) deliver.Outcome {
	e.mu.Lock()
	d.Shared = nil // of no interest to tests that compare
	e.got = append(e.got, d)
	e.times = append(e.times, time.Now())
	if e.tried == nil {
		e.tried = map[string]int{}
	}
	key := d.MessageID + "/" + d.SubscriptionURN
	e.tried[key]++
	attempt := e.tried[key]
	e.now++
	e.most = max(e.most, e.now)
	e.mu.Unlock()
	defer func() {
		e.mu.Lock()
		e.now--
		e.mu.Unlock()
	}()
	if e.answer == nil {
		return deliver.Outcome{}
	}
	return e.answer(ctx, d, attempt)
}

func (e *endpoints) sent() []deliver.Delivery {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]deliver.Delivery(nil), e.got...)
}

func always(o deliver.Outcome) *endpoints {
	return &endpoints{answer: func(context.Context, deliver.Delivery, int) deliver.Outcome { return o }}
}

func hanging(d time.Duration) *endpoints {
	return &endpoints{answer: func(context.Context, deliver.Delivery, int) deliver.Outcome {
		time.Sleep(d) // virtual
		return deliver.Outcome{}
	}}
}

// signer makes a signature that shows what was signed, and counts.
type signer struct {
	mu    sync.Mutex
	count int
	err   error
}

func (s *signer) Sign(p *wire.Push) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	p.Signature = "signed " + p.Type + " " + p.MessageID + " " + p.Subject + " " + p.Timestamp + " " + p.SubscribeURL
	return s.err
}

func (s *signer) SignSHA1(text []byte) (string, error) { return "signed " + string(text), s.err }

func (s *signer) CertificateID() string { return "cert.pem" }

type tokens struct{}

func (tokens) Issue(s iam.ConfirmSubject, expires time.Time) string {
	return fmt.Sprintf("%s%s%s%02d%x", s.Project, s.TopicID, s.SubscriptionID, s.Version, expires.Unix())
}

func config(m *memory, e deliver.Sender) deliver.Config {
	return deliver.Config{
		Store: m,
		Tasks: m,
		Senders: map[smn.Protocol]deliver.Sender{
			smn.HTTP: e, smn.HTTPS: e, smn.Email: e, smn.SMS: e, smn.Call: e, smn.FunctionGraph: e, smn.Slack: e, smn.DingDing: e,
		},
		Signer:    &signer{},
		Tokens:    tokens{},
		PublicURL: "https://tocsin.example/base/",
		Log:       slog.New(slog.DiscardHandler),
	}
}

func worker(t testing.TB, c deliver.Config) *deliver.Worker {
	w, err := deliver.New(c)
	require.NoError(t, err)
	return w
}

// run lets w work on m until nothing is due within the given virtual time.
// Must be called in a synctest bubble, which also sees that nothing is left running.
func run(t *testing.T, w *deliver.Worker, m *memory, d time.Duration) {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	require.NoError(t, w.Run(ctx, m))
}

// pass lets virtual time pass, and all that is due by then happen.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	for field, spoil := range map[string]func(*deliver.Config){
		"Store":     func(c *deliver.Config) { c.Store = nil },
		"Tasks":     func(c *deliver.Config) { c.Tasks = nil },
		"Senders":   func(c *deliver.Config) { c.Senders = nil },
		"Signer":    func(c *deliver.Config) { c.Signer = nil },
		"Tokens":    func(c *deliver.Config) { c.Tokens = nil },
		"PublicURL": func(c *deliver.Config) { c.PublicURL = "tocsin.example" },
		"Slots":     func(c *deliver.Config) { c.Slots = -1 },
	} {
		c := config(newMemory(), &endpoints{})
		spoil(&c)
		_, err := deliver.New(c)
		require.ErrorContains(t, err, "Config."+field)
	}
	for _, url := range []string{"", "/path", "ftp://host", "http://", "http://host?a=b", "http://a:b@host", "http://host#a", "http://h h"} {
		c := config(newMemory(), &endpoints{})
		c.PublicURL = url
		_, err := deliver.New(c)
		require.ErrorContains(t, err, "Config.PublicURL", url)
	}
}

func TestFanOutReachesEveryConfirmedSubscriptionOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, e := newMemory(), &endpoints{}
		for i := range 3*store.ChunkSize + 10 {
			m.subscribe(smn.HTTP, fmt.Sprintf("http://host/%d", i))
		}
		m.setStatus(0, smn.Unconfirmed)
		m.setStatus(1, smn.Cancelled)
		m.remove(2)
		for seq := range int64(store.ChunkSize) { // a whole chunk that is gone
			m.remove(store.ChunkSize + seq)
		}
		msg := m.publish(time.Hour)
		c := config(m, e)
		s := &signer{}
		c.Signer = s
		run(t, worker(t, c), m, time.Second)

		reached := map[string]int{}
		for _, d := range e.sent() {
			reached[d.Endpoint]++
		}
		require.Len(t, reached, 2*store.ChunkSize+10-3)
		for endpoint, n := range reached {
			require.Equal(t, 1, n, endpoint)
		}
		require.Equal(t, map[store.ChunkKey]chunkRow{
			{MessageID: msg.ID, Chunk: 0}: {done: true, matched: store.ChunkSize - 3},
			{MessageID: msg.ID, Chunk: 2}: {done: true, matched: store.ChunkSize},
			{MessageID: msg.ID, Chunk: 3}: {done: true, matched: 10},
		}, m.chunks)
		require.Empty(t, m.failures)
		require.Zero(t, m.tasks())
		require.Equal(t, 1, s.count, "one signature a message")
		require.Equal(t, 1, m.calls["GetMessage"])
	})
}

func TestNotification(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, e := newMemory(), &endpoints{}
		web := m.subscribe(smn.HTTPS, "https://host/hook")
		web.Extension.Header = map[string]string{"x-team": "a"}
		m.subs[0] = web
		mail := m.subscribe(smn.Email, "ann@example.org")
		sms := m.subscribe(smn.SMS, "+4912345")
		msg := m.publish(time.Hour)
		run(t, worker(t, config(m, e)), m, time.Second)

		got := map[string]deliver.Delivery{}
		for _, d := range e.sent() {
			got[d.Endpoint] = d
		}
		common := deliver.Delivery{
			Type: "Notification", MessageID: msg.ID, TopicURN: topicURN, TopicDisplay: "Alerts",
			Subject: "Disk", Text: "90 % full", Timestamp: msg.AcceptedAt,
		}
		want := common
		want.SubscriptionURN = topicURN + ":" + web.ID
		want.Protocol, want.Endpoint, want.Extension = smn.HTTPS, web.Endpoint, web.Extension
		want.UnsubscribeURL = "https://tocsin.example/base/rest/v2/notifications/subscription/unsubscribe?subscription_urn=" + want.SubscriptionURN
		want.SigningCertURL = "https://tocsin.example/base/smn/cert.pem"
		want.Signature = "signed Notification " + msg.ID + " Disk " + wire.Time(msg.AcceptedAt) + " "
		require.Equal(t, want, got[web.Endpoint])

		want = common
		want.SubscriptionURN = topicURN + ":" + mail.ID
		want.Protocol, want.Endpoint = smn.Email, mail.Endpoint
		want.UnsubscribeURL = "https://tocsin.example/base/smn/subscription/unsubscribe?subscription_urn=" + want.SubscriptionURN
		require.Equal(t, want, got[mail.Endpoint])

		want = common
		want.SubscriptionURN = topicURN + ":" + sms.ID
		want.Protocol, want.Endpoint = smn.SMS, sms.Endpoint
		require.Equal(t, want, got[sms.Endpoint])
	})
}

func TestWaysToUnsubscribe(t *testing.T) {
	for protocol, link := range map[smn.Protocol]string{
		smn.HTTP:          "/rest/v2/notifications/subscription/unsubscribe",
		smn.Email:         "/smn/subscription/unsubscribe",
		smn.Slack:         "/smn/subscription/unsubscribe",
		smn.DingDing:      "/smn/subscription/unsubscribe",
		smn.SMS:           "",
		smn.Call:          "",
		smn.FunctionGraph: "",
	} {
		synctest.Test(t, func(t *testing.T) {
			m, e := newMemory(), &endpoints{}
			m.subscribe(protocol, "endpoint")
			m.publish(time.Hour)
			run(t, worker(t, config(m, e)), m, time.Second)
			require.Len(t, e.sent(), 1)
			got := e.sent()[0].UnsubscribeURL
			require.Equal(t, link == "", got == "", protocol)
			require.Contains(t, got, link)
		})
	}
}

func TestMailAloneNeedsNoSignature(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, e, s := newMemory(), &endpoints{}, &signer{}
		m.subscribe(smn.Email, "ann@example.org")
		m.publish(time.Hour)
		c := config(m, e)
		c.Signer = s
		run(t, worker(t, c), m, time.Second)
		require.Len(t, e.sent(), 1)
		require.Zero(t, s.count)
	})
}

func TestRetrySchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		e := always(deliver.Outcome{Result: deliver.Again, Status: 503, Reason: "HTTP 503"})
		s := m.subscribe(smn.HTTP, "http://host/")
		msg := m.publish(24 * time.Hour)
		run(t, worker(t, config(m, e)), m, 12*time.Hour)

		require.Len(t, e.times, 7)
		for i, want := range deliver.DefaultPolicy.Delays {
			require.InEpsilon(t, want, e.times[i+1].Sub(e.times[i]), 0.11)
		}
		for _, d := range e.sent() {
			require.Equal(t, e.got[0], d, "a retry says what the first attempt said")
		}
		f, ok := m.failure(msg.ID, s.ID)
		require.True(t, ok)
		require.Equal(t, store.Failure{
			MessageID: msg.ID, SubscriptionID: s.ID, Attempts: 7, Dead: true, Status: 503, Reason: "HTTP 503",
		}, f)
		require.Zero(t, m.tasks())
	})
}

func TestSuccessAtALaterAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		e := &endpoints{answer: func(_ context.Context, _ deliver.Delivery, attempt int) deliver.Outcome {
			if attempt < 3 {
				return deliver.Outcome{Result: deliver.Again, Reason: "connection refused"}
			}
			return deliver.Outcome{}
		}}
		s := m.subscribe(smn.HTTP, "http://host/")
		msg := m.publish(time.Hour)
		w := worker(t, config(m, e))
		run(t, w, m, time.Second)
		f, ok := m.failure(msg.ID, s.ID)
		require.True(t, ok)
		require.Equal(t, 1, f.Attempts)
		require.False(t, f.Dead)
		require.InDelta(t, 5, f.Next.Sub(msg.AcceptedAt).Seconds(), 0.6)

		run(t, w, m, time.Hour)
		require.Len(t, e.sent(), 3)
		_, ok = m.failure(msg.ID, s.ID)
		require.False(t, ok)
		require.Zero(t, m.tasks())
	})
}

func TestRetryAfterIsHeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		e := &endpoints{answer: func(_ context.Context, _ deliver.Delivery, attempt int) deliver.Outcome {
			if attempt == 1 {
				return deliver.Outcome{Result: deliver.Again, Status: 429, After: 10 * time.Minute}
			}
			return deliver.Outcome{}
		}}
		m.subscribe(smn.HTTP, "http://host/")
		m.publish(time.Hour)
		run(t, worker(t, config(m, e)), m, time.Hour)
		require.Len(t, e.times, 2)
		require.Equal(t, 10*time.Minute, e.times[1].Sub(e.times[0]))
	})
}

func TestDeadIsNotTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		e := always(deliver.Outcome{Result: deliver.Dead, Status: 410, Reason: "HTTP 410"})
		s := m.subscribe(smn.HTTP, "http://host/")
		unknown := m.subscribe("pigeon", "roof")
		msg := m.publish(time.Hour)
		run(t, worker(t, config(m, e)), m, 2*time.Hour)
		require.Len(t, e.sent(), 1)
		f, _ := m.failure(msg.ID, s.ID)
		require.Equal(t, store.Failure{MessageID: msg.ID, SubscriptionID: s.ID, Attempts: 1, Dead: true, Status: 410, Reason: "HTTP 410"}, f)
		f, _ = m.failure(msg.ID, unknown.ID)
		require.True(t, f.Dead)
		require.Contains(t, f.Reason, "no sender")
		require.Zero(t, m.tasks())
	})
}

func TestTimeToLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		e := always(deliver.Outcome{Result: deliver.Again, Status: 500, Reason: "HTTP 500"})
		s := m.subscribe(smn.HTTP, "http://host/")
		msg := m.publish(30 * time.Second) // room for the retries after 5 and 15 s, not for the one after 45 s
		run(t, worker(t, config(m, e)), m, time.Hour)
		require.Len(t, e.sent(), 3)
		f, _ := m.failure(msg.ID, s.ID)
		require.True(t, f.Dead)
		require.True(t, f.Next.IsZero())
		require.Equal(t, 3, f.Attempts)
		require.Equal(t, "time to live ends first (HTTP 500)", f.Reason)
		require.Zero(t, m.tasks())
	})
}

func TestExpiredMessageIsNotFannedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, e := newMemory(), &endpoints{}
		for i := range store.ChunkSize + 2 {
			m.subscribe(smn.HTTP, fmt.Sprintf("http://host/%d", i))
		}
		m.subscribe(smn.Email, "ann@example.org")
		m.setStatus(0, smn.Unconfirmed)
		msg := m.publish(time.Second)
		time.Sleep(time.Second + time.Millisecond)
		run(t, worker(t, config(m, e)), m, time.Second)
		require.Empty(t, e.sent())
		require.Len(t, m.failures, store.ChunkSize+2, "each has its row, so that it can be redelivered")
		for _, f := range m.failures {
			require.True(t, f.Dead)
			require.Equal(t, "time to live has passed", f.Reason)
		}
		require.Equal(t, chunkRow{done: true, matched: store.ChunkSize - 1}, m.chunks[store.ChunkKey{MessageID: msg.ID}])
		require.Zero(t, m.tasks())
	})
}

// What happens to a subscription between two attempts decides about the second.
func TestRetryOfWhatChanged(t *testing.T) {
	for name, c := range map[string]struct {
		change func(m *memory)
		reason string
	}{
		"unsubscribed": {func(m *memory) { m.setStatus(0, smn.Cancelled) }, "no longer subscribed"},
		"removed":      {func(m *memory) { m.remove(0) }, "subscription or topic deleted"},
		"expired":      {func(*memory) { time.Sleep(2 * time.Minute) }, "time to live has passed"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				e := always(deliver.Outcome{Result: deliver.Again, Reason: "connection refused"})
				s := m.subscribe(smn.HTTP, "http://host/")
				msg := m.publish(time.Minute)
				w := worker(t, config(m, e))
				run(t, w, m, time.Second)
				c.change(m)
				run(t, w, m, time.Hour)
				require.Len(t, e.sent(), 1)
				f, _ := m.failure(msg.ID, s.ID)
				require.Equal(t, store.Failure{MessageID: msg.ID, SubscriptionID: s.ID, Attempts: 1, Dead: true, Reason: c.reason}, f)
				require.Zero(t, m.tasks())
			})
		})
	}
}

func TestPostponedBeyondTimeToLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, e := newMemory(), hanging(5*time.Second)
		w := worker(t, config(m, e))
		defer fillUp(t, w, m)()
		msg := m.publish(1500 * time.Millisecond)
		_, err := w.Handle(t.Context(), queue.NewFanOut(project, topicID, msg.ID, 0))
		require.NoError(t, err)
		id := m.subs[0].ID
		f, _ := m.failure(msg.ID, id)
		require.Equal(t, store.Failure{
			MessageID: msg.ID, SubscriptionID: id, Dead: true, Reason: "time to live ends first (the endpoint has its hands full)",
		}, f)
	})
}

func TestTwoWorkersOnOneChunk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, e := newMemory(), hanging(2*time.Second)
		m.subscribe(smn.HTTP, "http://host/")
		msg := m.publish(time.Hour)
		task := queue.NewFanOut(project, topicID, msg.ID, 0)

		var first sync.WaitGroup
		first.Go(func() {
			again, err := worker(t, config(m, e)).Handle(t.Context(), task)
			require.NoError(t, err)
			require.Zero(t, again)
		})
		synctest.Wait()
		time.Sleep(time.Second)
		second := worker(t, config(m, e))
		again, err := second.Handle(t.Context(), task)
		require.NoError(t, err)
		require.Equal(t, deliver.Lease-time.Second, again, "the rest of the other's lease")
		first.Wait()

		again, err = second.Handle(t.Context(), task)
		require.NoError(t, err)
		require.Zero(t, again)
		require.Len(t, e.sent(), 1)
	})
}

func TestKilledBetweenClaimAndFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, e := newMemory(), hanging(time.Second)
		for i := range store.ChunkSize + 1 {
			m.subscribe(smn.HTTP, fmt.Sprintf("http://host/%d", i))
		}
		msg := m.publish(time.Hour)
		m.failing["SaveChunk"] = 1 << 30
		leases, err := m.Receive(t.Context(), 1, deliver.Lease)
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		_, err = worker(t, config(m, e)).Handle(ctx, leases[0].Task)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.False(t, m.chunks[store.ChunkKey{MessageID: msg.ID}].done)
		require.Empty(t, m.failures, "an attempt that was cut short says nothing about its endpoint")

		run(t, worker(t, config(m, e)), m, 3*deliver.Lease)
		require.True(t, m.chunks[store.ChunkKey{MessageID: msg.ID, Chunk: 0}].done)
		require.True(t, m.chunks[store.ChunkKey{MessageID: msg.ID, Chunk: 1}].done)
		require.Len(t, e.sent(), 2*store.ChunkSize+1)
		require.Zero(t, m.tasks())
	})
}

func TestRetryCutShortIsNotRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		e := &endpoints{answer: func(ctx context.Context, _ deliver.Delivery, attempt int) deliver.Outcome {
			if attempt == 2 {
				<-ctx.Done()
			}
			return deliver.Outcome{Result: deliver.Again, Reason: "broken off"}
		}}
		s := m.subscribe(smn.HTTP, "http://host/")
		msg := m.publish(time.Hour)
		w := worker(t, config(m, e))
		run(t, w, m, time.Second)
		before, _ := m.failure(msg.ID, s.ID)

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := w.Handle(ctx, queue.NewRetry(project, topicID, queue.Retry{MessageID: msg.ID, SubscriptionID: s.ID, Attempt: 2}, time.Now()))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		after, _ := m.failure(msg.ID, s.ID)
		require.Equal(t, before, after)
	})
}

func TestChunksThatMeetShareTheSignature(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, e, s := newMemory(), &endpoints{}, &signer{}
		for i := range store.ChunkSize + 1 {
			m.subscribe(smn.HTTP, fmt.Sprintf("http://host/%d", i))
		}
		msg := m.publish(time.Hour)
		m.loadTime = time.Second
		c := config(m, e)
		c.Signer = s
		w := worker(t, c)
		var both sync.WaitGroup
		for chunk := range 2 {
			both.Go(func() {
				_, err := w.Handle(t.Context(), queue.NewFanOut(project, topicID, msg.ID, chunk))
				require.NoError(t, err)
			})
		}
		both.Wait()
		require.Equal(t, 2, m.calls["GetMessage"])
		require.Equal(t, 1, s.count)
	})
}

func TestPanickingSender(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		m := newMemory()
		e := &endpoints{answer: func(_ context.Context, d deliver.Delivery, attempt int) deliver.Outcome {
			if attempt == 1 && strings.HasSuffix(d.Endpoint, "/0") {
				panic("secret")
			}
			return deliver.Outcome{}
		}}
		s := m.subscribe(smn.HTTP, "http://host/0")
		m.subscribe(smn.HTTP, "http://host/1")
		msg := m.publish(time.Hour)
		c := config(m, e)
		c.Slots = 1
		c.Log = slog.New(slog.NewJSONHandler(&out, nil))
		w := worker(t, c)
		run(t, w, m, time.Second)
		require.Len(t, e.sent(), 2)
		f, _ := m.failure(msg.ID, s.ID)
		require.Equal(t, "the sender failed", f.Reason)
		require.Contains(t, out.String(), `"level":"ERROR"`)
		require.Contains(t, out.String(), "worker_test.go", "the stack")
		require.NotContains(t, out.String(), "secret")
		run(t, w, m, time.Minute)
		require.Len(t, e.sent(), 3)
		require.Empty(t, m.failures)
	})
}

func TestOurOwnFailuresAreErrors(t *testing.T) {
	for _, method := range []string{
		"GetMessage", "GetChunk", "ListHealth", "ClaimChunk", "FinishChunk", "GetFailure", "GetSubscription", "PutFailure", "ResolveFailure",
	} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				e := &endpoints{answer: func(_ context.Context, _ deliver.Delivery, attempt int) deliver.Outcome {
					if attempt < 5 {
						return deliver.Outcome{Result: deliver.Again}
					}
					return deliver.Outcome{}
				}}
				m.subscribe(smn.HTTP, "http://host/")
				m.publish(time.Hour)
				m.failing[method] = 2
				var out bytes.Buffer
				c := config(m, e)
				c.Log = slog.New(slog.NewJSONHandler(&out, nil))
				run(t, worker(t, c), m, 30*time.Minute)
				require.Zero(t, m.failing[method])
				require.Equal(t, 2, strings.Count(out.String(), "task failed"), "each failure is logged once")
				require.Empty(t, m.failures)
				require.Zero(t, m.tasks(), "and all is well in the end")
				require.GreaterOrEqual(t, len(e.sent()), 5)
			})
		})
	}
}

func TestFailingSigner(t *testing.T) {
	m, e := newMemory(), &endpoints{}
	m.subscribe(smn.Email, "ann@example.org")
	m.subscribe(smn.HTTP, "http://host/")
	msg := m.publish(time.Hour)
	c := config(m, e)
	s := &signer{err: errors.New("no key")}
	c.Signer = s
	w := worker(t, c)
	_, err := w.Handle(t.Context(), queue.NewFanOut(project, topicID, msg.ID, 0))
	require.ErrorContains(t, err, "no key")
	_, err = w.Handle(t.Context(), notice(queue.Subscribed, smn.HTTP, "http://host/"))
	require.ErrorContains(t, err, "no key")
	require.False(t, m.chunks[store.ChunkKey{MessageID: msg.ID}].done)
}

func TestTasksOfNothing(t *testing.T) {
	w := worker(t, config(newMemory(), &endpoints{}))
	for _, task := range []queue.Task{
		{ID: "empty"},
		queue.NewFanOut(project, topicID, "gone", 0),
		queue.NewRetry(project, topicID, queue.Retry{MessageID: "gone", SubscriptionID: "gone", Attempt: 2}, time.Now()),
	} {
		again, err := w.Handle(t.Context(), task)
		require.NoError(t, err)
		require.Zero(t, again)
	}
}

type panickingTokens struct{}

func (panickingTokens) Issue(iam.ConfirmSubject, time.Time) string { panic("broken") }

func TestPanickingTask(t *testing.T) {
	c := config(newMemory(), &endpoints{})
	c.Tokens = panickingTokens{}
	_, err := worker(t, c).Handle(t.Context(), notice(queue.Subscribed, smn.HTTP, "http://host/"))
	require.ErrorContains(t, err, "panicked")
}

func TestLogLine(t *testing.T) {
	for endpoint, want := range map[string]struct {
		protocol smn.Protocol
		host     string
	}{
		"https://user:secret@host:8443/secret?token=secret#secret": {smn.HTTPS, "host:8443"},
		"secret@example.org": {smn.Email, "example.org"},
		"+49170secret":       {smn.SMS, ""},
		"+49171secret":       {smn.Call, ""},
		"https://hooks.example.com/secret?sig=secret": {smn.Slack, "hooks.example.com"},
		"urn:cff:r:p:function:default:report":         {smn.FunctionGraph, "urn:cff:r:p:function:default:report"},
	} {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			m := newMemory()
			s := m.subscribe(want.protocol, endpoint)
			msg := m.publish(10 * time.Second)
			c := config(m, always(deliver.Outcome{Result: deliver.Again, Status: 503, Reason: "HTTP 503"}))
			c.Log = slog.New(slog.NewTextHandler(&out, nil))
			run(t, worker(t, c), m, time.Minute)
			lines := strings.Split(strings.TrimSpace(out.String()), "\n")
			require.Len(t, lines, 2, "one for each attempt")
			for _, part := range []string{
				"message_id=" + msg.ID, "subscription_urn=" + topicURN + ":" + s.ID, "protocol=" + string(want.protocol),
				fmt.Sprintf("host=%s ", cmpOr(want.host, `""`)), "status=503", "us=",
			} {
				require.Contains(t, lines[0], part)
				require.Contains(t, lines[1], part)
			}
			require.Contains(t, lines[0], "level=INFO")
			require.Contains(t, lines[0], "attempt=1 result=again")
			require.Contains(t, lines[1], "level=WARN")
			require.Contains(t, lines[1], "attempt=2 result=dead")
			require.NotContains(t, out.String(), "secret")
			require.NotContains(t, out.String(), "90 %")
		})
	}
}

func cmpOr(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
