package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

var documentCases = []testCase{
	{"create, get, find", testCreateDocument},
	{"an id and a name are given once", testDocumentConflicts},
	{"limit", testDocumentLimit},
	{"list", testListDocuments},
	{"update", testUpdateDocument},
	{"one of many updates at once wins", testUpdateDocumentAtOnce},
	{"delete", testDeleteDocument},
	{"those of a topic go with it", testDocumentsOfTopic},
	{"nothing is attached to what is gone", testAttachDocument},
	{"attaching and deleting at once leave nothing", testAttachWhileDeleting},
	{"those of a document go with it", testDocumentsOfDocument},
}

func newDocument(owner, name string) store.Document {
	return store.Document{
		DocumentKey: store.DocumentKey{Owner: owner, Kind: "logtank", ID: smn.NewID()},
		Name:        name, CreatedAt: moment, UpdatedAt: moment.Add(time.Second), Body: []byte(`{"text":"Ünïcode ✓"}`),
	}
}

func (e env) document(t *testing.T, owner, name string) store.Document {
	t.Helper()
	d := newDocument(owner, name)
	require.NoError(t, e.CreateDocument(t.Context(), d, noLimit))
	return d
}

func testCreateDocument(t *testing.T, e env) {
	owner := smn.NewID()
	named, plain := e.document(t, owner, "first"), e.document(t, owner, "")
	e.document(t, owner, "")
	for _, want := range []store.Document{named, plain} {
		got, err := e.GetDocument(t.Context(), want.DocumentKey)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	got, err := e.FindDocument(t.Context(), owner, "logtank", "first")
	require.NoError(t, err)
	require.Equal(t, named, got)
	for _, key := range []store.DocumentKey{
		{Owner: smn.NewID(), Kind: named.Kind, ID: named.ID},
		{Owner: owner, Kind: "other", ID: named.ID},
		{Owner: owner, Kind: named.Kind, ID: smn.NewID()},
	} {
		_, err := e.GetDocument(t.Context(), key)
		require.ErrorIs(t, err, store.ErrNotFound)
	}
	for _, find := range [][3]string{{smn.NewID(), "logtank", "first"}, {owner, "other", "first"}, {owner, "logtank", "second"}, {owner, "logtank", ""}} {
		_, err := e.FindDocument(t.Context(), find[0], find[1], find[2])
		require.ErrorIs(t, err, store.ErrNotFound)
	}
}

func testDocumentConflicts(t *testing.T, e env) {
	owner := smn.NewID()
	first := e.document(t, owner, "first")
	sameID, sameName := newDocument(owner, "second"), newDocument(owner, "first")
	sameID.ID = first.ID
	for _, d := range []store.Document{sameID, sameName} {
		require.ErrorIs(t, e.CreateDocument(t.Context(), d, noLimit), store.ErrConflict)
	}
	got, err := e.GetDocument(t.Context(), first.DocumentKey)
	require.NoError(t, err)
	require.Equal(t, first, got, "nothing has changed")
	e.document(t, smn.NewID(), "first")
	other := newDocument(owner, "first")
	other.Kind = "other"
	require.NoError(t, e.CreateDocument(t.Context(), other, noLimit))
}

func testDocumentLimit(t *testing.T, e env) {
	owner := smn.NewID()
	require.NoError(t, e.CreateDocument(t.Context(), newDocument(owner, "a"), 2))
	require.NoError(t, e.CreateDocument(t.Context(), newDocument(owner, ""), 2))
	require.ErrorIs(t, e.CreateDocument(t.Context(), newDocument(owner, ""), 2), store.ErrLimit)
	require.ErrorIs(t, e.CreateDocument(t.Context(), newDocument(owner, "a"), 2), store.ErrConflict, "what is there is there, full or not")
	other := newDocument(owner, "")
	other.Kind = "other"
	require.NoError(t, e.CreateDocument(t.Context(), other, 2), "each kind has its own")
}

func testListDocuments(t *testing.T, e env) {
	owner := smn.NewID()
	var all []store.Document
	for i := range 5 {
		all = append(all, e.document(t, owner, fmt.Sprint("name", i)))
	}
	e.document(t, smn.NewID(), "elsewhere")
	for offset := range 7 {
		page, err := e.ListDocuments(t.Context(), store.DocumentQuery{Owner: owner, Kind: "logtank", Offset: offset, Limit: 2})
		require.NoError(t, err)
		require.Equal(t, 5, page.Total)
		require.Len(t, page.Documents, len(all[min(offset, 5):min(offset+2, 5)]))
		for i, d := range page.Documents {
			require.Equal(t, all[offset+i], d)
		}
	}
	page, err := e.ListDocuments(t.Context(), store.DocumentQuery{Owner: smn.NewID(), Kind: "logtank", Limit: 2})
	require.NoError(t, err)
	require.Empty(t, page.Documents)
	require.Zero(t, page.Total)
}

func testUpdateDocument(t *testing.T, e env) {
	owner := smn.NewID()
	d, other := e.document(t, owner, "first"), e.document(t, owner, "other")
	changed := d
	changed.Name, changed.Body, changed.UpdatedAt = "second", []byte(`{}`), moment.Add(time.Hour)
	require.NoError(t, e.UpdateDocument(t.Context(), changed))
	want := changed
	want.Version = 1
	got, err := e.FindDocument(t.Context(), owner, "logtank", "second")
	require.NoError(t, err)
	require.Equal(t, want, got)
	_, err = e.FindDocument(t.Context(), owner, "logtank", "first")
	require.ErrorIs(t, err, store.ErrNotFound)

	require.ErrorIs(t, e.UpdateDocument(t.Context(), changed), store.ErrConflict, "it is at another version")
	taken := want
	taken.Name = other.Name
	require.ErrorIs(t, e.UpdateDocument(t.Context(), taken), store.ErrConflict)
	require.ErrorIs(t, e.UpdateDocument(t.Context(), newDocument(owner, "x")), store.ErrNotFound)
	got, err = e.GetDocument(t.Context(), d.DocumentKey)
	require.NoError(t, err)
	require.Equal(t, want, got, "nothing has changed")
	want.Name = ""
	require.NoError(t, e.UpdateDocument(t.Context(), want), "a name can be given up")
}

func testUpdateDocumentAtOnce(t *testing.T, e env) {
	d := e.document(t, smn.NewID(), "")
	var wins, conflicts int
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			err := e.UpdateDocument(t.Context(), d)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				wins++
			case errors.Is(err, store.ErrConflict):
				conflicts++
			}
		})
	}
	all.Wait()
	require.Equal(t, 1, wins)
	require.Equal(t, 19, conflicts)
}

func testDeleteDocument(t *testing.T, e env) {
	d := e.document(t, smn.NewID(), "name")
	require.NoError(t, e.DeleteDocument(t.Context(), d.DocumentKey))
	require.ErrorIs(t, e.DeleteDocument(t.Context(), d.DocumentKey), store.ErrNotFound)
	_, err := e.GetDocument(t.Context(), d.DocumentKey)
	require.ErrorIs(t, err, store.ErrNotFound)
	require.NoError(t, e.CreateDocument(t.Context(), d, noLimit), "its id and name are free again")
}

func testDocumentsOfTopic(t *testing.T, e env) {
	project := smn.NewID()
	topic, other := e.topic(t, project, "alerts"), e.topic(t, project, "other")
	gone, kept, ours := e.document(t, topic.ID, "a"), e.document(t, other.ID, "a"), e.document(t, project, "a")
	require.NoError(t, e.DeleteTopic(t.Context(), project, "alerts"))
	_, err := e.GetDocument(t.Context(), gone.DocumentKey)
	require.ErrorIs(t, err, store.ErrNotFound)
	for _, d := range []store.Document{kept, ours} {
		_, err := e.GetDocument(t.Context(), d.DocumentKey)
		require.NoError(t, err)
	}
}

func testAttachDocument(t *testing.T, e env) {
	project := smn.NewID()
	topic, app := e.topic(t, project, "alerts"), e.document(t, project, "app")
	for _, to := range []store.TagKey{
		{Project: project, Kind: store.TopicKind, ID: topic.ID},
		{Project: project, Kind: app.Kind, ID: app.ID},
	} {
		d := newDocument(to.ID, "a")
		require.NoError(t, e.AttachDocument(t.Context(), to, d, 1))
		got, err := e.GetDocument(t.Context(), d.DocumentKey)
		require.NoError(t, err)
		require.Equal(t, d, got)
		require.ErrorIs(t, e.AttachDocument(t.Context(), to, newDocument(to.ID, "a"), 2), store.ErrConflict)
		require.ErrorIs(t, e.AttachDocument(t.Context(), to, newDocument(to.ID, "b"), 1), store.ErrLimit)
	}
	require.NoError(t, e.DeleteTopic(t.Context(), project, "alerts"))
	require.NoError(t, e.DeleteDocument(t.Context(), app.DocumentKey))
	other := e.topic(t, smn.NewID(), "alerts")
	for _, to := range []store.TagKey{
		{Project: project, Kind: store.TopicKind, ID: topic.ID},
		{Project: project, Kind: app.Kind, ID: app.ID},
		{Project: project, Kind: store.TopicKind, ID: other.ID},
		{Project: other.Project, Kind: app.Kind, ID: other.ID},
	} {
		d := newDocument(to.ID, "c")
		require.ErrorIs(t, e.AttachDocument(t.Context(), to, d, noLimit), store.ErrNotFound)
		_, err := e.GetDocument(t.Context(), d.DocumentKey)
		require.ErrorIs(t, err, store.ErrNotFound)
	}
}

func testAttachWhileDeleting(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	to := store.TagKey{Project: topic.Project, Kind: store.TopicKind, ID: topic.ID}
	atOnce(t, 20, func(i int) (any, error) {
		if i == 10 {
			return nil, e.DeleteTopic(context.Background(), topic.Project, topic.Name)
		}
		err := e.AttachDocument(context.Background(), to, newDocument(topic.ID, ""), noLimit)
		if errors.Is(err, store.ErrNotFound) {
			err = nil
		}
		return nil, err
	})
	page, err := e.ListDocuments(t.Context(), store.DocumentQuery{Owner: topic.ID, Kind: "logtank", Limit: 20})
	require.NoError(t, err)
	require.Zero(t, page)
}

func testDocumentsOfDocument(t *testing.T, e env) {
	project := smn.NewID()
	owner, other := e.document(t, project, "owner"), e.document(t, project, "other")
	inner, left := e.document(t, owner.ID, ""), e.document(t, other.ID, "")
	require.NoError(t, e.DeleteDocument(t.Context(), owner.DocumentKey))
	_, err := e.GetDocument(t.Context(), inner.DocumentKey)
	require.ErrorIs(t, err, store.ErrNotFound)
	for _, d := range []store.Document{other, left} {
		_, err := e.GetDocument(t.Context(), d.DocumentKey)
		require.NoError(t, err)
	}
}
