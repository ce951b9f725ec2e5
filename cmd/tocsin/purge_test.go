package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// purged notes the rounds of a purger, and has so much to remove.
type purged struct {
	mu     sync.Mutex
	rounds []time.Time // when, by the time that passes
	before []time.Time
	much   int
	err    error
}

func (p *purged) Purge(_ context.Context, before time.Time) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rounds, p.before = append(p.rounds, time.Now()), append(p.before, before)
	if p.much > 0 {
		p.much--
		return 1, p.err
	}
	return 0, p.err
}

// purging runs a purger beside f in virtual time. set changes the clock on the wall.
func purging(t *testing.T, much int, f func(p *purged, set func(ahead time.Duration), log *bytes.Buffer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var ahead atomic.Int64
		var log bytes.Buffer
		store := &purged{much: much}
		p := &purger{
			store: store, retention: time.Hour, log: slog.New(slog.NewTextHandler(&log, nil)),
			now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) },
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); p.run(ctx) }()
		f(store, func(d time.Duration) { ahead.Store(int64(d)) }, &log)
		cancel()
		<-done
	})
}

func TestPurgeRounds(t *testing.T) {
	purging(t, 3, func(p *purged, _ func(time.Duration), log *bytes.Buffer) {
		began := time.Now()
		time.Sleep(time.Hour)
		synctest.Wait()
		var at []time.Duration
		for _, r := range p.rounds {
			at = append(at, r.Sub(began))
		}
		const s, m = time.Second, time.Minute
		require.Equal(t, []time.Duration{
			m, m + 10*s, m + 20*s, m + 30*s, // while there is something
			m + 50*s, 2*m + 30*s, 3*m + 50*s, 6*m + 30*s, 11*m + 50*s, 21*m + 50*s, 31*m + 50*s, 41*m + 50*s, 51*m + 50*s,
		}, at)
		for i, before := range p.before {
			require.Equal(t, p.rounds[i].Add(-time.Hour), before)
		}
		require.Equal(t, 3, strings.Count(log.String(), "msg=purge"))
	})
}

func TestPurgeGoesOnAfterAnError(t *testing.T) {
	purging(t, 0, func(p *purged, _ func(time.Duration), log *bytes.Buffer) {
		p.mu.Lock()
		p.err = errors.New("the disk is gone")
		p.mu.Unlock()
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Greater(t, len(p.rounds), 3)
		require.Contains(t, log.String(), "level=ERROR msg=purge error=\"the disk is gone\"")
	})
}

func TestPurgeBelievesNoClockThatJumps(t *testing.T) {
	const day = 24 * time.Hour
	for _, c := range []struct {
		name string
		set  func(set func(time.Duration))
		want map[time.Duration]bool // is there purging in the hour behind?
		warn int
	}{
		{"small steps", func(set func(time.Duration)) { set(day - time.Minute) }, map[time.Duration]bool{0: true}, 0},
		{"a year ahead", func(set func(time.Duration)) { set(365 * day) }, map[time.Duration]bool{0: false, 22 * time.Hour: false, 25 * time.Hour: true}, 1},
		{"a year back", func(set func(time.Duration)) { set(-365 * day) }, map[time.Duration]bool{0: false, 22 * time.Hour: false, 25 * time.Hour: true}, 1},
		{"ahead and back again", func(set func(time.Duration)) {
			set(365 * day)
			time.Sleep(time.Hour)
			set(0)
		}, map[time.Duration]bool{0: true}, 1},
		{"to and fro", func(set func(time.Duration)) {
			set(365 * day)
			time.Sleep(20 * time.Hour)
			set(-365 * day)
		}, map[time.Duration]bool{0: false, 20 * time.Hour: false, 25 * time.Hour: true}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			purging(t, 0, func(p *purged, set func(time.Duration), log *bytes.Buffer) {
				time.Sleep(time.Hour)
				c.set(set)
				changed := time.Now()
				time.Sleep(48 * time.Hour)
				synctest.Wait()
				for after, want := range c.want {
					rounds := 0
					for _, r := range p.rounds {
						if d := r.Sub(changed); d > after && d <= after+time.Hour {
							rounds++
						}
					}
					require.Equal(t, want, rounds > 0, after)
				}
				require.Equal(t, c.warn, strings.Count(log.String(), "the clock has jumped"), log)
			})
		})
	}
}
