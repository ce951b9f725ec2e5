package dynamostore

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

func newDocument(owner, name string) store.Document {
	now := time.Now()
	return store.Document{
		DocumentKey: store.DocumentKey{Owner: owner, Kind: "thing", ID: smn.NewID()},
		Name:        name, CreatedAt: now, UpdatedAt: now, Body: []byte(`{}`),
	}
}

func newOwnTopic(t *testing.T, db *DB) store.TagKey {
	t.Helper()
	topic, _, err := db.CreateTopic(t.Context(), store.Topic{ID: smn.NewID(), Project: smn.NewID(), Name: "alerts"}, 1)
	require.NoError(t, err)
	return store.TagKey{Project: topic.Project, Kind: store.TopicKind, ID: topic.ID}
}

// Whoever creates documents at once, an owner has no more than its limit, and just
// as many.
func TestDocumentLimitAtOnce(t *testing.T) {
	db, _ := open(t)
	for _, limit := range []int{1, 7} {
		to := newOwnTopic(t, db)
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				err := db.AttachDocument(t.Context(), to, newDocument("", ""), limit)
				if err != nil && !errors.Is(err, store.ErrLimit) {
					t.Error(err)
				}
			})
		}
		group.Wait()
		page, err := db.ListDocuments(t.Context(), store.DocumentQuery{Owner: to.ID, Kind: "thing", Limit: 100})
		require.NoError(t, err)
		require.Equal(t, limit, page.Total)
		require.Len(t, page.Documents, limit)
	}
}

// An owner may have more documents than a block counts.
func TestManyDocuments(t *testing.T) {
	db, _ := open(t)
	owner := smn.NewID()
	var all []store.Document
	for i := range 150 {
		d := newDocument(owner, fmt.Sprint(i))
		require.NoError(t, db.CreateDocument(t.Context(), d, 150))
		all = append(all, d)
	}
	require.ErrorIs(t, db.CreateDocument(t.Context(), newDocument(owner, ""), 150), store.ErrLimit)
	require.NoError(t, db.DeleteDocument(t.Context(), all[70].DocumentKey))
	all = append(all[:70], all[71:]...)
	for offset := 0; offset < 160; offset += 17 {
		page, err := db.ListDocuments(t.Context(), store.DocumentQuery{Owner: owner, Kind: "thing", Offset: offset, Limit: 20})
		require.NoError(t, err)
		require.Equal(t, 149, page.Total)
		var got, want []string
		for _, d := range page.Documents {
			got = append(got, d.ID)
		}
		for _, d := range all[min(offset, 149):min(offset+20, 149)] {
			want = append(want, d.ID)
		}
		require.Equal(t, want, got)
	}
	require.NoError(t, db.CreateDocument(t.Context(), newDocument(owner, ""), 150))
}

// A deletion that failed on its way is finished by the next call.
func TestDeletionGoesOn(t *testing.T) {
	db, _ := open(t)
	owner := newDocument(smn.NewID(), "owner")
	require.NoError(t, db.CreateDocument(t.Context(), owner, 1))
	to := store.TagKey{Project: owner.Owner, Kind: owner.Kind, ID: owner.ID}
	inner := newDocument(owner.ID, "inner")
	require.NoError(t, db.AttachDocument(t.Context(), to, inner, 1))
	require.NoError(t, db.PutTags(t.Context(), to, []smn.Tag{{Key: "k"}}, 1))

	require.NoError(t, db.markDocument(t.Context(), owner.DocumentKey)) // and no further
	_, err := db.GetDocument(t.Context(), owner.DocumentKey)
	require.ErrorIs(t, err, store.ErrNotFound)
	require.ErrorIs(t, db.AttachDocument(t.Context(), to, newDocument("", ""), 9), store.ErrNotFound)
	require.ErrorIs(t, db.PutTags(t.Context(), to, []smn.Tag{{Key: "k"}}, 9), store.ErrNotFound)

	require.NoError(t, db.DeleteDocument(t.Context(), owner.DocumentKey))
	require.ErrorIs(t, db.DeleteDocument(t.Context(), owner.DocumentKey), store.ErrNotFound)
	_, err = db.GetDocument(t.Context(), inner.DocumentKey)
	require.ErrorIs(t, err, store.ErrNotFound)
	tags, err := db.ListTags(t.Context(), to)
	require.NoError(t, err)
	require.Empty(t, tags)
	require.Empty(t, rowsOf(t, db, ownedBy(owner.ID)))
}

// Nothing is left of what a topic had, and another keeps all.
func TestRemoveAttached(t *testing.T) {
	db, _ := open(t)
	to, other := newOwnTopic(t, db), newOwnTopic(t, db)
	for _, k := range []store.TagKey{to, other} {
		for range 30 {
			require.NoError(t, db.AttachDocument(t.Context(), k, newDocument("", smn.NewID()), 30))
		}
		require.NoError(t, db.PutAttribute(t.Context(), k.Project, store.Attribute{TopicID: k.ID, Name: "a"}))
		require.NoError(t, db.PutTags(t.Context(), k, []smn.Tag{{Key: "k"}}, 1))
	}
	for range 2 {
		require.NoError(t, db.removeAttached(t.Context(), to))
		require.Empty(t, rowsOf(t, db, ownedBy(to.ID)))
		require.Empty(t, rowsOf(t, db, tagsKey(to).pk))
	}
	require.Len(t, rowsOf(t, db, ownedBy(other.ID)), 30+30+1+1)
	require.Len(t, rowsOf(t, db, tagsKey(other).pk), 1)
}

func rowsOf(t *testing.T, db *DB, pk string) (rows []row) {
	t.Helper()
	for r, err := range db.query(t.Context(), query{pk: pk}) {
		require.NoError(t, err)
		rows = append(rows, r)
	}
	return rows
}

func TestCostsOfDocuments(t *testing.T) {
	db, _ := open(t)
	to := newOwnTopic(t, db)
	d := newDocument(smn.NewID(), "name")
	requireCost(t, db, 2, 6, "create", func() error { return db.CreateDocument(t.Context(), d, 10) })
	requireCost(t, db, 2, 6, "attach without a name", func() error { return db.AttachDocument(t.Context(), to, newDocument("", ""), 10) })
	requireCost(t, db, 1, 0, "get", func() error {
		_, err := db.GetDocument(t.Context(), d.DocumentKey)
		return err
	})
	requireCost(t, db, 2, 0, "find", func() error {
		_, err := db.FindDocument(t.Context(), d.Owner, d.Kind, d.Name)
		return err
	})
	requireCost(t, db, 1, 2, "update", func() error { return db.UpdateDocument(t.Context(), d) })
	d.Version, d.Name = 1, "other"
	requireCost(t, db, 1, 6, "update the name", func() error { return db.UpdateDocument(t.Context(), d) })
	requireCost(t, db, 4, 10, "delete", func() error { return db.DeleteDocument(t.Context(), d.DocumentKey) })
}

func TestCostsOfAttributesAndTags(t *testing.T) {
	db, _ := open(t)
	to := newOwnTopic(t, db)
	policy := store.Attribute{TopicID: to.ID, Name: "access_policy", Value: "{}"}
	requireCost(t, db, 0, 4, "put attribute", func() error { return db.PutAttribute(t.Context(), to.Project, policy) })
	requireCost(t, db, 1, 0, "get attribute", func() error {
		_, err := db.GetAttribute(t.Context(), to.ID, policy.Name)
		return err
	})
	requireCost(t, db, 1, 4, "put tags", func() error { return db.PutTags(t.Context(), to, []smn.Tag{{Key: "a"}, {Key: "b"}}, 20) })
	requireCost(t, db, 1, 0, "list tags", func() error {
		_, err := db.ListTags(t.Context(), to)
		return err
	})
	requireCost(t, db, 1, 2, "delete tags", func() error {
		_, err := db.DeleteTags(t.Context(), to, "a")
		return err
	})
}
