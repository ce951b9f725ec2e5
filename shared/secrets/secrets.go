// Package secrets keeps the secrets of an installation in AWS Secrets Manager. A
// Keeper meets store.Secrets.
//
// What was read is taken for true for a while, so that a call costs nothing most of
// the time and a secret that was rotated is in use everywhere after MaxAge.
package secrets

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"tocsin/shared/store"
)

// DefaultMaxAge is how long a secret is taken to be as it was read, and how long a
// rotated one may still be in use.
const DefaultMaxAge = 5 * time.Minute

// API is what a Keeper asks of Secrets Manager. Client answers.
type API interface {
	// Get gives the value of a version of a secret, or ErrMissing. The stage is
	// AWSCURRENT or AWSPREVIOUS.
	Get(ctx context.Context, id, stage string) ([]byte, error)
	// Create makes a secret, or says ErrExists.
	Create(ctx context.Context, name string, value []byte) error
}

// Config is what New needs.
type Config struct {
	Client API              // a Client
	Prefix string           // of the names of what GetOrCreate keeps; may be empty
	MaxAge time.Duration    // 0 means DefaultMaxAge
	Now    func() time.Time // nil means time.Now
	Log    *slog.Logger     // gets what no caller can be told; nil for nothing
}

// Keeper keeps secrets. Its methods may be called from many goroutines at once; what
// they return must not be changed.
type Keeper struct {
	api    API
	prefix string
	maxAge time.Duration
	now    func() time.Time
	log    *slog.Logger

	mu    sync.Mutex // held while a secret is read or made: others wait for it
	known map[version]reading
}

var _ store.Secrets = (*Keeper)(nil)

// version names a version of a secret.
type version struct{ id, stage string }

// The versions that Secrets Manager keeps for good.
const (
	current  = "AWSCURRENT"
	previous = "AWSPREVIOUS"
)

// reading is what a version of a secret was, until it is to be read again. There may
// have been none.
type reading struct {
	value []byte
	found bool
	until time.Time
}

// New gives a keeper, which asks for nothing before the first call.
func New(cfg Config) (*Keeper, error) {
	if cfg.Client == nil {
		return nil, errors.New("open secrets: no client given")
	}
	if cfg.MaxAge == 0 {
		cfg.MaxAge = DefaultMaxAge
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Keeper{api: cfg.Client, prefix: cfg.Prefix, maxAge: cfg.MaxAge, now: cfg.Now, log: cfg.Log, known: map[version]reading{}}, nil
}

// GetOrCreate implements store.Secrets. Secrets Manager makes a secret only if there
// is none of that name, so of many instances that start at once all get the same.
func (k *Keeper) GetOrCreate(ctx context.Context, name string, makeSecret func() ([]byte, error)) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	id := k.prefix + name
	r, err := k.read(ctx, version{id, current})
	if err == nil && !r.found {
		r.value, err = k.create(ctx, id, makeSecret)
	}
	if err != nil {
		return nil, fmt.Errorf("secret %s: %w", id, err)
	}
	return r.value, nil
}

// Previous is what GetOrCreate gave for a name before the secret was rotated. ok is
// false if it never was.
func (k *Keeper) Previous(ctx context.Context, name string) (value []byte, ok bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	id := k.prefix + name
	r, err := k.read(ctx, version{id, previous})
	if err != nil {
		return nil, false, fmt.Errorf("secret %s before it was rotated: %w", id, err)
	}
	return r.value, r.found, nil
}

// Get gives a secret that others have made, by its whole name or its ARN.
func (k *Keeper) Get(ctx context.Context, id string) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	r, err := k.read(ctx, version{id, current})
	if err == nil && !r.found {
		err = ErrMissing
	}
	if err != nil {
		return nil, fmt.Errorf("secret %s: %w", id, err)
	}
	return r.value, nil
}

// Forget lets a secret of GetOrCreate and Previous be read again at its next use,
// unless it was read within the last moments, which age says.
func (k *Keeper) Forget(name string, age time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, stage := range []string{current, previous} {
		v := version{k.prefix + name, stage}
		if r, known := k.known[v]; known && !k.now().Before(r.until.Add(age-k.maxAge)) {
			r.until = time.Time{}
			k.known[v] = r
		}
	}
}

// read gives a version of a secret as it was read last, if that is not too long ago.
// While Secrets Manager cannot be asked, an older reading must do. The caller holds
// mu.
func (k *Keeper) read(ctx context.Context, v version) (reading, error) {
	before, known := k.known[v]
	if known && k.now().Before(before.until) {
		return before, nil
	}
	value, err := k.api.Get(ctx, v.id, v.stage)
	switch {
	case err == nil:
		return k.know(v, value, true), nil
	case errors.Is(err, ErrMissing) && v.stage == previous:
		return k.know(v, nil, false), nil
	case errors.Is(err, ErrMissing): // and not known: it may be made in a moment
		return reading{}, nil
	case known && ctx.Err() == nil:
		k.log.LogAttrs(ctx, slog.LevelError, "secret not read again: it is used as it was",
			slog.String("secret", v.id), slog.String("error", err.Error()))
		return k.know(v, before.value, before.found), nil
	}
	return reading{}, err
}

func (k *Keeper) know(v version, value []byte, found bool) reading {
	r := reading{value, found, k.now().Add(k.maxAge)}
	k.known[v] = r
	return r
}

// Reading what somebody else has just made may take a moment.
const (
	reads     = 10
	readPause = 100 * time.Millisecond
)

// create makes a secret, or gives the one that somebody else has made first. The
// caller holds mu.
func (k *Keeper) create(ctx context.Context, id string, makeSecret func() ([]byte, error)) ([]byte, error) {
	value, err := makeSecret()
	if err != nil {
		return nil, err
	}
	err = k.api.Create(ctx, id, value)
	if errors.Is(err, ErrExists) {
		return k.madeByOthers(ctx, id)
	}
	if err != nil {
		return nil, err
	}
	return k.know(version{id, current}, value, true).value, nil
}

func (k *Keeper) madeByOthers(ctx context.Context, id string) ([]byte, error) {
	for range reads {
		r, err := k.read(ctx, version{id, current})
		if err != nil || r.found {
			return r.value, err
		}
		timer := time.NewTimer(readPause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		}
	}
	return nil, errors.New("it is there, but has no value: give it one, or delete it")
}
