// Package deliver takes messages to endpoints. A Worker does the tasks of the
// queue: it fans a message out to a chunk of subscriptions, tries failed
// deliveries again, sends confirmations and direct messages, tries endpoints out, and
// lets the store remove what deleted topics have left behind. How bytes reach an endpoint is known to the senders in the packages below
// this one.
//
// Delivery is at least once: a task may be done twice, by two workers, or by
// another after the first was killed. Nothing is written for a delivery that
// succeeds at once.
package deliver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"tocsin/shared/iam"
	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
	"tocsin/shared/wire"
)

// DefaultSlots is how many attempts a worker has under way at once in its fast lane
// unless its Config says otherwise.
const DefaultSlots = 256

// Lease is how long a task, and a chunk, belongs to the worker that took it. A
// killed worker's work is done again after that.
const Lease = 60 * time.Second

// Signer signs what http(s) endpoints receive.
type Signer interface {
	// Sign sets the signature of p, whose other fields are complete.
	Sign(p *wire.Push) error
	// SignSHA1 is the signature of a text by the same key as services of old want it:
	// RSA PKCS#1 v1.5 with SHA-1, in base64.
	SignSHA1(text []byte) (string, error)
	// CertificateID names the certificate that verifies it.
	CertificateID() string
}

// ConfirmTokens makes the tokens in confirmation links.
type ConfirmTokens interface {
	// Issue makes a token of hex characters that works until it expires or the
	// subscription changes its status.
	Issue(s iam.ConfirmSubject, expires time.Time) string
}

// Tasks takes tasks that belong to no row of the store, and calls back those that
// wait for an endpoint. A queue.Queue is one.
type Tasks interface {
	Put(ctx context.Context, tasks ...queue.Task) error
	Wake(ctx context.Context, key string, limit int) (int, error)
}

// Config is what a Worker is made of. Fields are required unless they say
// otherwise.
type Config struct {
	Store     store.Store
	Tasks     Tasks
	Senders   map[smn.Protocol]Sender
	Signer    Signer
	Tokens    ConfirmTokens
	PublicURL string           // where links in messages point to: scheme and host, perhaps a path
	Policy    Policy           // zero means DefaultPolicy
	Slots     int              // attempts at once in the fast lane; 0 means DefaultSlots
	Quota     Quota            // zero means no bounds
	Saves     []time.Duration  // when the progress of a chunk is saved, from its beginning; nil means every 250 ms
	Log       *slog.Logger     // nil means slog.Default()
	Observer  Observer         // told of what happens; nil for none
	Now       func() time.Time // nil means time.Now

	// Forms are the senders of notifications to http and https endpoints whose
	// subscriptions want another form than SMN's, by smn.Style.Form. A delivery in a
	// form that is not there is dead. nil for none.
	Forms map[string]Sender
	// Strategies are the policies that subscriptions name, by smn.Style.Strategy. Policy
	// stands in for one that is not there. nil for none.
	Strategies map[string]Policy
}

// Worker does the tasks of a queue. It may be used from many goroutines at once,
// and beside other workers on the same store and queue.
type Worker struct {
	store      store.Store
	tasks      Tasks
	senders    map[smn.Protocol]Sender
	forms      map[string]Sender
	signer     Signer
	tokens     ConfirmTokens
	links      links
	policy     Policy
	strategies map[string]Policy
	lanes      *lanes
	ward       ward
	progress   progress
	quota      Quota
	log        *slog.Logger
	observer   Observer
	now        func() time.Time
	messages   messages
}

// New makes a worker. The error names the field that is missing or wrong.
func New(c Config) (*Worker, error) {
	switch {
	case c.Store == nil:
		return nil, errors.New("deliver: Config.Store is missing")
	case c.Tasks == nil:
		return nil, errors.New("deliver: Config.Tasks is missing")
	case len(c.Senders) == 0:
		return nil, errors.New("deliver: Config.Senders has no sender")
	case c.Signer == nil:
		return nil, errors.New("deliver: Config.Signer is missing")
	case c.Tokens == nil:
		return nil, errors.New("deliver: Config.Tokens is missing")
	case c.Slots < 0:
		return nil, fmt.Errorf("deliver: Config.Slots is %d, it must not be negative", c.Slots)
	}
	base, err := publicURL(c.PublicURL)
	if err != nil {
		return nil, err
	}
	if c.Policy.Delays == nil {
		c.Policy = DefaultPolicy
	}
	if c.Slots == 0 {
		c.Slots = DefaultSlots
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	w := &Worker{
		store:      c.Store,
		tasks:      c.Tasks,
		senders:    c.Senders,
		forms:      c.Forms,
		signer:     c.Signer,
		tokens:     c.Tokens,
		links:      links{base: base},
		policy:     c.Policy,
		strategies: c.Strategies,
		ward:       ward{store: c.Store, log: c.Log, now: c.Now},
		quota:      c.Quota,
		progress:   progress{at: c.Saves},
		log:        c.Log,
		observer:   c.Observer,
		now:        c.Now,
		messages:   messages{from: c.Store, byID: make(map[string]*message, cachedMessages)},
	}
	b := defaultBounds
	b.fast = c.Slots
	w.lanes = newLanes(b, w.callBack)
	return w, nil
}

// callBack makes tasks that wait for an endpoint or a host due now, and says how many
// there were.
func (w *Worker) callBack(t target, limit int) int {
	n, err := w.tasks.Wake(context.Background(), waitKey(t), limit)
	if err != nil {
		w.log.LogAttrs(context.Background(), slog.LevelError, "call back attempts that were put off", slog.String("error", err.Error()))
	}
	return n
}

func publicURL(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" ||
		u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", errors.New("deliver: Config.PublicURL must look like https://host or https://host/path")
	}
	return strings.TrimRight(s, "/"), nil
}

// Handle does one task. It answers 0 and nil when the task is done and can be
// acknowledged; a duration after which to hand it out again when its time has not
// come; an error when our own side failed, for the caller to log and to hand the
// task out again after a moment. Endpoints that fail are no error: their later
// attempts are tasks of their own.
//
// A task that is done again does no harm beyond repeating deliveries. ctx should
// leave the task half a minute; when it ends earlier, the task fails and is
// repeated.
func (w *Worker) Handle(ctx context.Context, task queue.Task) (again time.Duration, err error) {
	return w.handle(ctx, task, func() {})
}

// handle does the same. It calls begun, at least once, when what it has to begin has
// begun: the rest is waiting.
func (w *Worker) handle(ctx context.Context, task queue.Task, begun func()) (again time.Duration, err error) {
	defer begun()
	defer func() {
		if p := recover(); p != nil {
			w.log.LogAttrs(ctx, slog.LevelError, "task panicked",
				slog.String("task_id", task.ID), slog.String("stack", string(debug.Stack())))
			again, err = 0, errors.New("the task panicked")
		}
	}()
	switch {
	case task.FanOut != nil:
		return w.fanOut(ctx, *task.FanOut, begun)
	case task.Retry != nil:
		return 0, w.retry(ctx, *task.Retry, begun)
	case task.Notice != nil:
		return w.notice(ctx, *task.Notice, begun)
	case task.Direct != nil:
		return w.direct(ctx, *task.Direct, begun)
	case task.Detection != nil:
		return 0, w.detect(ctx, *task.Detection, begun)
	case task.Cleanup != nil:
		return w.cleanUp(ctx, *task.Cleanup)
	}
	// Doing it again would not make it readable.
	w.log.LogAttrs(ctx, slog.LevelError, "task dropped: nothing in it that this version knows",
		slog.String("task_id", task.ID))
	return 0, nil
}
