package storetest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

var tagCases = []testCase{
	{"put overwrites, list is by key", testPutTags},
	{"limit", testTagLimit},
	{"many at once do not overshoot", testTagLimitAtOnce},
	{"only on what is there", testTagsOfNothing},
	{"delete tells how many", testDeleteTags},
	{"list of a project and kind", testListTagged},
	{"they go with their topic", testTagsOfTopic},
	{"they go with their document", testTagsOfDocument},
	{"a topic is found by its id", testFindTopic},
}

func tagsOf(topic store.Topic) store.TagKey {
	return store.TagKey{Project: topic.Project, Kind: store.TopicKind, ID: topic.ID}
}

func (e env) tags(t *testing.T, key store.TagKey) []smn.Tag {
	t.Helper()
	tags, err := e.ListTags(t.Context(), key)
	require.NoError(t, err)
	return tags
}

func testPutTags(t *testing.T, e env) {
	key := tagsOf(e.topic(t, smn.NewID(), "alerts"))
	require.Empty(t, e.tags(t, key))
	require.NoError(t, e.PutTags(t.Context(), key, []smn.Tag{{Key: "ünï", Value: ""}, {Key: "b", Value: "1"}, {Key: "B", Value: "2"}}, noLimit))
	require.NoError(t, e.PutTags(t.Context(), key, []smn.Tag{{Key: "b", Value: "3"}}, noLimit))
	require.Equal(t, []smn.Tag{{Key: "B", Value: "2"}, {Key: "b", Value: "3"}, {Key: "ünï", Value: ""}}, e.tags(t, key))
}

func testTagLimit(t *testing.T, e env) {
	key := tagsOf(e.topic(t, smn.NewID(), "alerts"))
	first := []smn.Tag{{Key: "a"}, {Key: "b"}}
	require.NoError(t, e.PutTags(t.Context(), key, first, 2))
	require.ErrorIs(t, e.PutTags(t.Context(), key, []smn.Tag{{Key: "a", Value: "changed"}, {Key: "c"}}, 2), store.ErrLimit)
	require.Equal(t, first, e.tags(t, key), "all or none")
	require.NoError(t, e.PutTags(t.Context(), key, []smn.Tag{{Key: "a", Value: "changed"}}, 1), "what is there is no more")
	require.ErrorIs(t, e.PutTags(t.Context(), key, []smn.Tag{{Key: "c"}}, 2), store.ErrLimit)
	require.NoError(t, e.PutTags(t.Context(), key, []smn.Tag{{Key: "c"}}, 3))
}

func testTagLimitAtOnce(t *testing.T, e env) {
	key := tagsOf(e.topic(t, smn.NewID(), "alerts"))
	atOnce(t, 30, func(i int) (bool, error) {
		_ = e.PutTags(t.Context(), key, []smn.Tag{{Key: fmt.Sprint(i)}}, 7)
		return true, nil
	})
	require.Len(t, e.tags(t, key), 7)
}

func testTagsOfNothing(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	for _, key := range []store.TagKey{
		{Project: topic.Project, Kind: store.TopicKind, ID: smn.NewID()},
		{Project: smn.NewID(), Kind: store.TopicKind, ID: topic.ID},
		{Project: topic.Project, Kind: "logtank", ID: topic.ID},
	} {
		require.ErrorIs(t, e.PutTags(t.Context(), key, []smn.Tag{{Key: "a"}}, noLimit), store.ErrNotFound)
		require.Empty(t, e.tags(t, key))
		deleted, err := e.DeleteTags(t.Context(), key, "a")
		require.NoError(t, err)
		require.Zero(t, deleted)
	}
}

func testDeleteTags(t *testing.T, e env) {
	key := tagsOf(e.topic(t, smn.NewID(), "alerts"))
	require.NoError(t, e.PutTags(t.Context(), key, []smn.Tag{{Key: "a"}, {Key: "b"}, {Key: "c"}}, noLimit))
	deleted, err := e.DeleteTags(t.Context(), key, "a", "x", "c", "a", "B")
	require.NoError(t, err)
	require.Equal(t, 2, deleted)
	require.Equal(t, []smn.Tag{{Key: "b"}}, e.tags(t, key))
	deleted, err = e.DeleteTags(t.Context(), key, "a")
	require.NoError(t, err)
	require.Zero(t, deleted, "the second time")
}

func testListTagged(t *testing.T, e env) {
	project := smn.NewID()
	first, second := e.topic(t, project, "first"), e.topic(t, project, "second")
	e.topic(t, project, "without")
	elsewhere := e.topic(t, smn.NewID(), "first")
	document := e.document(t, project, "application")
	for _, key := range []store.TagKey{tagsOf(second), tagsOf(first), tagsOf(elsewhere), {Project: project, Kind: document.Kind, ID: document.ID}} {
		require.NoError(t, e.PutTags(t.Context(), key, []smn.Tag{{Key: "b", Value: key.ID}, {Key: "a"}}, noLimit))
	}
	tagged := func(kind string) []store.Tagged {
		all, err := e.ListTagged(t.Context(), project, kind)
		require.NoError(t, err)
		return all
	}
	require.Equal(t, []store.Tagged{
		{ID: first.ID, Tags: []smn.Tag{{Key: "a"}, {Key: "b", Value: first.ID}}},
		{ID: second.ID, Tags: []smn.Tag{{Key: "a"}, {Key: "b", Value: second.ID}}},
	}, tagged(store.TopicKind))
	require.Len(t, tagged(document.Kind), 1)
	require.Empty(t, tagged("other"))
}

func testTagsOfTopic(t *testing.T, e env) {
	topic, other := e.topic(t, smn.NewID(), "alerts"), e.topic(t, smn.NewID(), "alerts")
	for _, key := range []store.TagKey{tagsOf(topic), tagsOf(other)} {
		require.NoError(t, e.PutTags(t.Context(), key, []smn.Tag{{Key: "a"}}, noLimit))
	}
	require.NoError(t, e.DeleteTopic(t.Context(), topic.Project, topic.Name))
	require.Empty(t, e.tags(t, tagsOf(topic)))
	require.Len(t, e.tags(t, tagsOf(other)), 1)
	all, err := e.ListTagged(t.Context(), topic.Project, store.TopicKind)
	require.NoError(t, err)
	require.Empty(t, all)
}

func testTagsOfDocument(t *testing.T, e env) {
	project := smn.NewID()
	gone, kept := e.document(t, project, "gone"), e.document(t, project, "kept")
	key := func(d store.Document) store.TagKey { return store.TagKey{Project: project, Kind: d.Kind, ID: d.ID} }
	for _, d := range []store.Document{gone, kept} {
		require.NoError(t, e.PutTags(t.Context(), key(d), []smn.Tag{{Key: "a"}}, noLimit))
	}
	require.NoError(t, e.DeleteDocument(t.Context(), gone.DocumentKey))
	require.Empty(t, e.tags(t, key(gone)))
	require.Len(t, e.tags(t, key(kept)), 1)
}

func testFindTopic(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	found, err := e.FindTopic(t.Context(), topic.Project, topic.ID)
	require.NoError(t, err)
	require.Equal(t, topic, found)
	for _, key := range [][2]string{{topic.Project, smn.NewID()}, {smn.NewID(), topic.ID}, {topic.Project, topic.Name}} {
		_, err := e.FindTopic(t.Context(), key[0], key[1])
		require.ErrorIs(t, err, store.ErrNotFound)
	}
}
