package deliver_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/smn"
	"tocsin/shared/store"
	"tocsin/shared/wire"
)

// subscribeNamed adds a subscription that wants a form of its own.
func (m *memory) subscribeNamed(p smn.Protocol, endpoint string, style smn.Style) store.Subscription {
	s := m.subscribe(p, endpoint)
	m.mu.Lock()
	defer m.mu.Unlock()
	s.Name, s.Style, s.Status = fmt.Sprint("sub-", s.Seq), style, smn.Exempt
	m.subs[s.Seq] = s
	return s
}

// formed is a worker's configuration with a form beside SMN's and two strategies.
func formed(m *memory, usual, form deliver.Sender) deliver.Config {
	c := config(m, usual)
	c.Forms = map[string]deliver.Sender{"form": form}
	c.Strategies = map[string]deliver.Policy{
		"once":  {Delays: []time.Duration{time.Minute}},
		"never": {Delays: []time.Duration{}},
	}
	return c
}

func TestNamedDelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, usual, e, s := newMemory(), &endpoints{}, &endpoints{}, &signer{}
		named := m.subscribeNamed(smn.HTTPS, "https://host/named", smn.Style{Form: "form", Tag: "a"})
		other := m.subscribeNamed(smn.HTTPS, "https://host/other", smn.Style{Form: "form"})
		other.Subscriber = "another"
		m.subs[1] = other
		m.subscribeNamed(smn.HTTPS, "https://host/not", smn.Style{Form: "form", Tag: "b"})
		mail := m.subscribeNamed(smn.Email, "ann@example.org", smn.Style{Form: "form"})
		msg := m.publishAs(time.Hour, func(msg *store.Message) { msg.Tag = "a" })
		c := formed(m, usual, e)
		c.Signer = s
		run(t, worker(t, c), m, time.Second)

		got := e.byEndpoint()
		require.Len(t, got, 2)
		want := deliver.Delivery{
			Type: wire.TypeNotification, MessageID: msg.ID, TopicURN: topicURN, TopicDisplay: "Alerts",
			Subject: "Disk", Text: "90 % full", Timestamp: msg.AcceptedAt,
			SubscriptionURN: topicURN + ":" + named.ID, Protocol: smn.HTTPS, Endpoint: named.Endpoint,
			SigningCertURL: "https://tocsin.example/base/smn/cert.pem",
			Named:          &deliver.Named{Form: "form", Name: "sub-0", Subscriber: project, Tag: "a"},
		}
		d := got[named.Endpoint]
		signature, err := d.Named.Sign([]byte("text"))
		require.NoError(t, err)
		require.Equal(t, "signed text", signature)
		d.Named.Sign = nil
		require.Equal(t, want, d)
		require.Equal(t, "another", got[other.Endpoint].Named.Subscriber)
		require.Equal(t, "sub-1", got[other.Endpoint].Named.Name)

		letters := usual.sent()
		require.Len(t, letters, 1, "forms are those of http and https")
		require.Equal(t, mail.Endpoint, letters[0].Endpoint)
		require.Nil(t, letters[0].Named)
		require.NotEmpty(t, letters[0].UnsubscribeURL)
		require.Zero(t, s.count, "SMN's signature is for SMN's form")
		require.Equal(t, map[store.ChunkKey]chunkRow{{MessageID: msg.ID}: {done: true, matched: 3, filtered: 1}}, m.chunks)
	})
}

// Each form gets what it needs of a message, beside the others.
func TestFormsBesideEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, usual, e, s := newMemory(), &endpoints{}, &endpoints{}, &signer{}
		for i := range 10 {
			m.subscribe(smn.HTTP, fmt.Sprint("http://host/usual/", i))
			m.subscribeNamed(smn.HTTP, fmt.Sprint("http://host/named/", i), smn.Style{Form: "form"})
		}
		m.publish(time.Hour)
		c := formed(m, usual, e)
		c.Signer = s
		run(t, worker(t, c), m, time.Second)
		require.Len(t, usual.sent(), 10)
		require.Len(t, e.sent(), 10)
		require.Equal(t, 1, s.count)
		for _, d := range usual.sent() {
			require.Nil(t, d.Named)
			require.NotEmpty(t, d.Signature)
		}
		for _, d := range e.sent() {
			require.NotNil(t, d.Named)
			require.Empty(t, d.Signature)
		}
	})
}

func TestUnknownForm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, usual := newMemory(), &endpoints{}
		s := m.subscribeNamed(smn.HTTP, "http://host/", smn.Style{Form: "mystery"})
		msg := m.publish(time.Hour)
		run(t, worker(t, formed(m, usual, usual)), m, time.Hour)
		f, _ := m.failure(msg.ID, s.ID)
		require.Equal(t, store.Failure{
			MessageID: msg.ID, SubscriptionID: s.ID, Attempts: 1, Dead: true, Reason: "no sender for notifications in this form",
		}, f)
		require.Empty(t, usual.sent())
		require.Zero(t, m.tasks())
	})
}

func TestStrategies(t *testing.T) {
	for name, c := range map[string]struct {
		strategy string
		own      *smn.RetryPolicy
		waits    []time.Duration
	}{
		"known":            {"once", nil, []time.Duration{time.Minute}},
		"nothing twice":    {"never", nil, nil},
		"unknown":          {"mystery", nil, deliver.DefaultPolicy.Delays},
		"none":             {"", nil, deliver.DefaultPolicy.Delays},
		"one's own wins":   {"once", &smn.RetryPolicy{Delays: []int{5, 6}}, []time.Duration{5 * time.Second, 6 * time.Second}},
		"one's own: never": {"once", &smn.RetryPolicy{Delays: []int{}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, e := newMemory(), always(deliver.Outcome{Result: deliver.Again, Status: 429, Reason: "HTTP 429"}) // never parked
				s := m.subscribeNamed(smn.HTTP, "http://host/", smn.Style{Form: "form", Strategy: c.strategy})
				s.Extension.Retry = c.own
				m.subs[0] = s
				msg := m.publish(24 * time.Hour)
				run(t, worker(t, formed(m, e, e)), m, 2*time.Hour)
				require.Len(t, e.times, 1+len(c.waits))
				for i, want := range c.waits {
					require.InEpsilon(t, want, e.times[i+1].Sub(e.times[i]), 0.11)
				}
				f, _ := m.failure(msg.ID, s.ID)
				require.True(t, f.Dead)
				require.Equal(t, 1+len(c.waits), f.Attempts)
				require.Equal(t, "HTTP 429", f.Reason)
			})
		})
	}
}

// A strategy may have many more waits than a subscription's own policy, and goes on
// until they are used up or the message's time is.
func TestLongStrategy(t *testing.T) {
	for name, c := range map[string]struct {
		live     time.Duration
		attempts int
		reason   string
	}{
		"to its end":       {24 * time.Hour, 177, "HTTP 429"},
		"to the message's": {12 * time.Hour, 93, "time to live ends first (HTTP 429)"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, e := newMemory(), always(deliver.Outcome{Result: deliver.Again, Status: 429, Reason: "HTTP 429"})
				s := m.subscribeNamed(smn.HTTP, "http://host/", smn.Style{Form: "form", Strategy: "long"})
				msg := m.publish(c.live)
				cfg := formed(m, e, e)
				delays := []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256}
				delays = append(delays, slices.Repeat([]time.Duration{512}, 167)...)
				for i := range delays {
					delays[i] *= time.Second
				}
				cfg.Strategies["long"] = deliver.Policy{Delays: delays, Spread: 0.001}
				began := time.Now()
				run(t, worker(t, cfg), m, 48*time.Hour)
				require.Len(t, e.times, c.attempts)
				sum := time.Duration(0)
				for i, at := range e.times[1:] {
					sum += delays[i]
					require.InDelta(t, sum.Seconds(), at.Sub(began).Seconds(), 0.002*sum.Seconds())
				}
				f, _ := m.failure(msg.ID, s.ID)
				require.True(t, f.Dead)
				require.Equal(t, c.attempts, f.Attempts)
				require.Equal(t, c.reason, f.Reason)
				require.Zero(t, m.tasks())
			})
		})
	}
}

// What fails in a form of its own is tried again, parked and redelivered as all else.
func TestNamedFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		e := always(deliver.Outcome{Result: deliver.Again, Status: 403, Reason: "HTTP 403"})
		s := m.subscribeNamed(smn.HTTP, "http://host/", smn.Style{Form: "form", Strategy: "twice"})
		c := formed(m, &endpoints{}, e)
		c.Strategies["twice"] = deliver.Policy{Delays: []time.Duration{10 * time.Second, 10 * time.Second}}
		first := m.publish(24 * time.Hour)
		w := worker(t, c)
		run(t, w, m, 5*time.Second)
		f, _ := m.failure(first.ID, s.ID)
		require.Equal(t, []any{false, 1, 403}, []any{f.Dead, f.Attempts, f.Status}, "it shows in reports")
		run(t, w, m, time.Minute)
		f, _ = m.failure(first.ID, s.ID)
		require.Equal(t, []any{true, 3, "HTTP 403"}, []any{f.Dead, f.Attempts, f.Reason})
		require.Len(t, e.sent(), 3)

		m.publish(24 * time.Hour)
		run(t, w, m, time.Minute)
		health, known := m.health[s.ID]
		require.True(t, known)
		require.False(t, health.ParkedUntil.IsZero(), "five failures in half a minute")
		before := len(e.sent())
		m.publish(24 * time.Hour)
		run(t, w, m, time.Minute)
		require.Len(t, e.sent(), before, "nothing is sent to what is parked")

		e.answer = nil
		m.revive(first.ID, s.ID, time.Now().Add(time.Hour))
		run(t, w, m, 30*time.Minute)
		_, failed := m.failure(first.ID, s.ID)
		require.False(t, failed, "redelivered")
		last := e.sent()[len(e.sent())-1]
		require.Equal(t, "form", last.Named.Form)
		require.Empty(t, m.health)
	})
}

// Quotas are those of people, whatever the subscription wants.
func TestNamedMailsCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, e := newCounting(), &endpoints{}
		m.subscribeNamed(smn.Email, "ann@example.org", smn.Style{Form: "form"})
		c := quotaConfig(m, e, deliver.Quota{MailPerHour: 2})
		for range 3 {
			m.publish(24 * time.Hour)
		}
		w := worker(t, c)
		run(t, w, m.memory, 30*time.Minute)
		require.Len(t, e.sent(), 2)
		run(t, w, m.memory, time.Hour)
		require.Len(t, e.sent(), 3)
	})
}

// preparer is a sender that prepares, and notes how many it does at once.
type preparer struct {
	endpoints
	takes time.Duration // virtual

	now, most, prepared atomic.Int64
}

func (p *preparer) Prepare(d deliver.Delivery) func(context.Context) deliver.Outcome {
	n := p.now.Add(1)
	defer p.now.Add(-1)
	for seen := p.most.Load(); n > seen && !p.most.CompareAndSwap(seen, n); seen = p.most.Load() {
	}
	time.Sleep(p.takes)
	p.prepared.Add(1)
	if d.Endpoint == "http://host/panic" {
		panic("secret")
	}
	return func(ctx context.Context) deliver.Outcome { return p.Send(ctx, d) }
}

// As many are prepared at once as there are cores, and what waits for that holds up
// nothing else and makes no endpoint look slow.
func TestPreparedSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, usual, form := newMemory(), &endpoints{}, &preparer{takes: time.Second}
		cores := runtime.GOMAXPROCS(0)
		for i := range 6 * cores {
			m.subscribeNamed(smn.HTTP, fmt.Sprint("http://host/", i), smn.Style{Form: "form"})
		}
		m.subscribe(smn.HTTP, "http://host/usual")
		c := formed(m, usual, form)
		c.Slots = 1
		w := worker(t, c)
		for range 2 {
			began, before := time.Now(), len(form.sent())
			m.publish(time.Hour)
			run(t, w, m, time.Minute)
			require.EqualValues(t, cores, form.most.Load())
			require.Len(t, form.sent(), before+6*cores)
			for i, at := range form.times[before:] {
				require.Equal(t, time.Duration(1+i/cores)*time.Second, at.Sub(began), "in the fast lane, without a detour")
			}
			require.Zero(t, usual.times[len(usual.times)-1].Sub(began), "before any is prepared")
			require.Zero(t, m.calls["PutFailure"])
		}
	})
}

// What was not prepared in time is put off, and not prepared in vain.
func TestPreparedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, form := newMemory(), &preparer{takes: 6 * time.Second}
		cores := runtime.GOMAXPROCS(0)
		for i := range 4 * cores {
			m.subscribeNamed(smn.HTTP, fmt.Sprint("http://host/", i), smn.Style{Form: "form"})
		}
		msg := m.publish(time.Hour)
		run(t, worker(t, formed(m, &endpoints{}, form)), m, 10*time.Minute)
		require.Len(t, form.sent(), 4*cores, "each once")
		require.EqualValues(t, 5*cores, form.prepared.Load(), "those that were under way when they were put off, twice")
		require.Empty(t, m.failures)
		require.True(t, m.chunks[store.ChunkKey{MessageID: msg.ID}].done)
		require.Zero(t, m.tasks())
	})
}

// Later attempts are prepared, too, each by itself.
func TestPreparedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, form := newMemory(), &preparer{}
		form.answer = func(_ context.Context, _ deliver.Delivery, attempt int) deliver.Outcome {
			if attempt == 1 {
				return deliver.Outcome{Result: deliver.Again, Status: 500}
			}
			return deliver.Outcome{}
		}
		m.subscribeNamed(smn.HTTP, "http://host/", smn.Style{Form: "form", Strategy: "once"})
		m.publish(time.Hour)
		run(t, worker(t, formed(m, &endpoints{}, form)), m, time.Hour)
		require.Len(t, form.sent(), 2)
		require.EqualValues(t, 2, form.prepared.Load())
		require.Empty(t, m.failures)
	})
}

func TestPanicWhilePreparing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, form := newMemory(), &preparer{}
		s := m.subscribeNamed(smn.HTTP, "http://host/panic", smn.Style{Form: "form", Strategy: "once"})
		m.subscribeNamed(smn.HTTP, "http://host/well", smn.Style{Form: "form"})
		msg := m.publish(time.Hour)
		c := formed(m, &endpoints{}, form)
		var log bytes.Buffer
		c.Log = slog.New(slog.NewTextHandler(&log, nil))
		run(t, worker(t, c), m, time.Hour)
		require.Len(t, form.sent(), 1)
		f, _ := m.failure(msg.ID, s.ID)
		require.True(t, f.Dead)
		require.Equal(t, []any{2, "the sender failed"}, []any{f.Attempts, f.Reason})
		require.Contains(t, log.String(), "sender panicked")
		require.NotContains(t, log.String(), "secret")
	})
}
