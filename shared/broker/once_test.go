package broker_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/broker"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// TestKeysAreForgotten after a day, to the millisecond.
func TestKeysAreForgotten(t *testing.T) {
	f := open(t, nil)
	f.now = f.now.Truncate(time.Millisecond)
	in := smn.PublishInput{TopicURN: f.topic(t), Message: "m", IdempotencyKey: "key"}
	first, err := f.Publish(f.ctx, in)
	require.NoError(t, err)
	f.now = f.now.Add(smn.IdempotencyWindow - time.Millisecond)
	again, err := f.Publish(f.ctx, in)
	require.NoError(t, err)
	require.Equal(t, first, again)
	f.now = f.now.Add(time.Millisecond)
	in.Message = "another"
	second, err := f.Publish(f.ctx, in)
	require.NoError(t, err)
	require.NotEqual(t, first, second)
}

// keyless is a store that nobody may ask for keys.
type keyless struct {
	store.Store
	t *testing.T
}

func (k keyless) FindMessageOnce(context.Context, store.Once) (string, error) {
	k.t.Error("a message without a key costs no reading")
	return "", store.ErrNotFound
}

// TestPublishWithoutAKey is the hot path.
func TestPublishWithoutAKey(t *testing.T) {
	f := open(t, func(c *broker.Config) { c.Store = keyless{c.Store, t} })
	_, err := f.Publish(f.ctx, smn.PublishInput{TopicURN: f.topic(t), Message: "m"})
	require.NoError(t, err)
}
