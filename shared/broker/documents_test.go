package broker_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/broker"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// contested is a store in which others are faster for so many changes of documents.
type contested struct {
	store.Store
	conflicts int
}

func (s *contested) UpdateDocument(ctx context.Context, d store.Document) error {
	if s.conflicts > 0 {
		s.conflicts--
		return store.ErrConflict
	}
	return s.Store.UpdateDocument(ctx, d)
}

func TestChangesOfDocumentsThatMeet(t *testing.T) {
	var kept *contested
	f := open(t, func(c *broker.Config) {
		kept = &contested{Store: c.Store}
		c.Store = kept
	})
	urn := f.topic(t)
	id, err := f.CreateKMSKey(f.ctx, smn.CreateKMSKeyInput{TopicURN: urn, KeyID: "before"})
	require.NoError(t, err)
	update := func(keyID string) error {
		return f.UpdateKMSKey(f.ctx, smn.UpdateKMSKeyInput{AttachmentInput: smn.AttachmentInput{TopicURN: urn, ID: id}, KeyID: keyID})
	}
	keyID := func() string {
		key, err := f.GetKMSKey(f.ctx, smn.TopicInput{TopicURN: urn})
		require.NoError(t, err)
		return key.KeyID
	}

	t.Run("a few are tried again", func(t *testing.T) {
		kept.conflicts = 3
		require.NoError(t, update("after"))
		require.Equal(t, "after", keyID())
	})
	t.Run("without end it is Overloaded and nothing changes", func(t *testing.T) {
		kept.conflicts = 1_000_000
		require.Equal(t, smn.Overloaded, smn.CodeOf(update("never")))
		kept.conflicts = 0
		require.Equal(t, "after", keyID())
	})
	t.Run("many callers at once all succeed", func(t *testing.T) {
		var all sync.WaitGroup
		errs := make([]error, 16)
		for i := range errs {
			all.Go(func() { errs[i] = update("together") })
		}
		all.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
		require.Equal(t, "together", keyID())
	})
}

// hasty is a store in which the owner deletes a topic while someone attaches to it.
type hasty struct {
	store.Store
	before func()
}

func (s *hasty) AttachDocument(ctx context.Context, to store.TagKey, d store.Document, limit int) error {
	s.before()
	return s.Store.AttachDocument(ctx, to, d, limit)
}

func TestAttachingToWhatIsBeingDeleted(t *testing.T) {
	var kept *hasty
	f := open(t, func(c *broker.Config) {
		kept = &hasty{Store: c.Store}
		c.Store = kept
	})
	urn := f.topic(t)
	kept.before = func() { require.NoError(t, f.DeleteTopic(f.ctx, smn.TopicInput{TopicURN: urn})) }
	_, err := f.CreateKMSKey(f.ctx, smn.CreateKMSKeyInput{TopicURN: urn, KeyID: "key"})
	require.Equal(t, smn.TopicNotFound, smn.CodeOf(err))

	app, err := f.CreateApplication(f.ctx, smn.CreateApplicationInput{Name: "app", Platform: smn.HMS, PushCredentials: smn.PushCredentials{Principal: "p", Credential: strings.Repeat("c", 32)}})
	require.NoError(t, err)
	kept.before = func() {
		require.NoError(t, f.DeleteApplication(f.ctx, smn.ApplicationInput{ApplicationURN: app.URN}))
	}
	_, err = f.CreatePushEndpoint(f.ctx, smn.CreatePushEndpointInput{ApplicationURN: app.URN, Token: "token"})
	require.Equal(t, smn.ApplicationNotFound, smn.CodeOf(err))
}
