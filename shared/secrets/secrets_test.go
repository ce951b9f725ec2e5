package secrets_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/stretchr/testify/require"

	"tocsin/internal/emulators"
	"tocsin/shared/secrets"
	"tocsin/shared/smn"
	"tocsin/shared/store"
	"tocsin/shared/store/storetest"
)

func client(t *testing.T) secrets.Client {
	t.Helper()
	return secrets.NewClient(emulators.Moto(t))
}

func open(t *testing.T, cfg secrets.Config) *secrets.Keeper {
	t.Helper()
	k, err := secrets.New(cfg)
	require.NoError(t, err)
	return k
}

func TestSecrets(t *testing.T) {
	storetest.RunSecrets(t, func(t *testing.T) store.Secrets {
		return open(t, secrets.Config{Client: client(t), Prefix: "test/" + smn.NewID() + "/"})
	})
}

// counting counts calls; it fails while err is set.
type counting struct {
	secrets.API
	gets, creates int
	err           error
}

func (c *counting) Get(ctx context.Context, id, stage string) ([]byte, error) {
	c.gets++
	if c.err != nil {
		return nil, c.err
	}
	return c.API.Get(ctx, id, stage)
}

func (c *counting) Create(ctx context.Context, name string, value []byte) error {
	c.creates++
	return c.API.Create(ctx, name, value)
}

func making(s string) func() ([]byte, error) {
	return func() ([]byte, error) { return []byte(s), nil }
}

func TestRotation(t *testing.T) {
	now := time.Now()
	api, prefix := &counting{API: client(t)}, "test/"+smn.NewID()+"/"
	k := open(t, secrets.Config{Client: api, Prefix: prefix, Now: func() time.Time { return now }})
	get := func() string {
		value, err := k.GetOrCreate(t.Context(), "key", making("new"))
		require.NoError(t, err)
		other, err := k.Get(t.Context(), prefix+"key")
		require.NoError(t, err)
		require.Equal(t, value, other)
		return string(value)
	}
	previous := func() string {
		value, ok, err := k.Previous(t.Context(), "key")
		require.NoError(t, err)
		require.Equal(t, ok, value != nil)
		return string(value)
	}
	require.Equal(t, "new", get())
	require.Empty(t, previous())
	require.Equal(t, "new", get())
	require.Empty(t, previous())
	require.Equal(t, 2, api.gets, "what was made need not be read, nor what was read a moment ago")

	_, err := secretsmanager.NewFromConfig(emulators.Moto(t)).PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: aws.String(prefix + "key"), SecretBinary: []byte{0xff, 0}})
	require.NoError(t, err)
	now = now.Add(secrets.DefaultMaxAge - 1)
	require.Equal(t, "new", get(), "until its time is over")
	now = now.Add(1)
	require.Equal(t, "\xff\x00", get())
	require.Equal(t, "new", previous())

	now = now.Add(secrets.DefaultMaxAge)
	api.err = errors.New("out of order")
	require.Equal(t, "\xff\x00", get(), "better than nothing")
	require.Equal(t, "new", previous())
	_, err = k.GetOrCreate(t.Context(), "other", making("new"))
	require.ErrorIs(t, err, api.err)
	require.Equal(t, 1, api.creates)
}

func TestForget(t *testing.T) {
	now := time.Now()
	api := &counting{API: client(t)}
	k := open(t, secrets.Config{Client: api, Prefix: "test/" + smn.NewID() + "/", Now: func() time.Time { return now }})
	k.Forget("key", 0) // there is none
	for _, c := range []struct {
		age   time.Duration
		reads int
	}{{0, 1}, {time.Second, 2}, {time.Second, 2}} { // the first finds none and makes it
		_, err := k.GetOrCreate(t.Context(), "key", making("value"))
		require.NoError(t, err)
		require.Equal(t, c.reads, api.gets)
		k.Forget("key", c.age)
	}
	_, err := k.GetOrCreate(t.Context(), "key", making("value"))
	require.NoError(t, err)
	require.Equal(t, 2, api.gets, "it was read a moment ago")
	now = now.Add(time.Second)
	k.Forget("key", time.Second)
	_, err = k.GetOrCreate(t.Context(), "key", making("value"))
	require.NoError(t, err)
	require.Equal(t, 3, api.gets)
}

func TestMissing(t *testing.T) {
	_, err := open(t, secrets.Config{Client: client(t)}).Get(t.Context(), "test/nothing")
	require.EqualError(t, err, "secret test/nothing: there is none, or it has no value")
}

// Many instances that start at once have one key.
func TestColdStarts(t *testing.T) {
	prefix, keys := "test/"+smn.NewID()+"/", make([]string, 8)
	api := oneByOne{API: client(t), mu: new(sync.Mutex)}
	var all sync.WaitGroup
	for i := range keys {
		k := open(t, secrets.Config{Client: api, Prefix: prefix})
		all.Go(func() {
			value, err := k.GetOrCreate(context.Background(), "key", making(fmt.Sprint("made by ", i)))
			if err != nil {
				value = []byte(err.Error())
			}
			keys[i] = string(value)
		})
	}
	all.Wait()
	for _, key := range keys {
		require.Contains(t, key, "made by ")
		require.Equal(t, keys[0], key)
	}
}

// oneByOne lets the emulator make one secret at a time, since it looks whether there
// is one and makes it in two steps.
type oneByOne struct {
	secrets.API
	mu *sync.Mutex
}

func (o oneByOne) Create(ctx context.Context, name string, value []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.API.Create(ctx, name, value)
}

// slow is Secrets Manager when another instance has just made the secret: it is
// there, but cannot be read for a while.
type slow struct{ reads int }

func (s *slow) Get(context.Context, string, string) ([]byte, error) {
	if s.reads--; s.reads >= 0 {
		return nil, secrets.ErrMissing
	}
	return []byte("theirs"), nil
}

func (s *slow) Create(context.Context, string, []byte) error {
	return secrets.ErrExists
}

func TestMadeByOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		value, err := open(t, secrets.Config{Client: &slow{reads: 5}}).GetOrCreate(t.Context(), "key", making("ours"))
		require.NoError(t, err)
		require.Equal(t, "theirs", string(value))

		_, err = open(t, secrets.Config{Client: &slow{reads: 100}}).GetOrCreate(t.Context(), "key", making("ours"))
		require.EqualError(t, err, "secret key: it is there, but has no value: give it one, or delete it")

		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err = open(t, secrets.Config{Client: &slow{reads: 100}}).GetOrCreate(ctx, "key", making("ours"))
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestNewNeedsAClient(t *testing.T) {
	_, err := secrets.New(secrets.Config{})
	require.ErrorContains(t, err, "no client")
}
