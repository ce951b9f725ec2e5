package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

var onceCases = []testCase{
	{"a message is stored once for its key", testPutMessageOnce},
	{"a key belongs to a project and a topic", testKeysOfOthers},
	{"a key is forgotten", testKeyForgotten},
	{"of many at once with a key one is stored", testPutMessageOnceAtOnce},
}

func newOnce(m store.Message) store.Once {
	return store.Once{
		Project: smn.NewID(), TopicID: m.TopicID, Key: "~ key 1/2", Fingerprint: []byte{0, 1, 255},
		After: m.AcceptedAt.Add(-time.Hour),
	}
}

func (e env) putOnce(m store.Message, once store.Once) (string, error) {
	return e.PutMessageOnce(context.Background(), m, once, queue.NewFanOut(m.Project, m.TopicID, m.ID, 0))
}

func testPutMessageOnce(t *testing.T, e env) {
	m := messageTo(e.heard(t))
	once := newOnce(m)
	_, err := e.FindMessageOnce(t.Context(), once)
	require.ErrorIs(t, err, store.ErrNotFound)
	id, err := e.putOnce(m, once)
	require.NoError(t, err)
	require.Equal(t, m.ID, id)
	got, err := e.GetMessage(t.Context(), m.ID)
	require.NoError(t, err)
	require.Equal(t, m, got)

	again := m
	again.ID = smn.NewID()
	for range 2 {
		id, err = e.putOnce(again, once)
		require.NoError(t, err)
		require.Equal(t, m.ID, id)
		id, err = e.FindMessageOnce(t.Context(), once)
		require.NoError(t, err)
		require.Equal(t, m.ID, id)
	}
	other := once
	other.Fingerprint = []byte{0, 1, 254}
	_, err = e.putOnce(again, other)
	require.ErrorIs(t, err, store.ErrConflict)
	_, err = e.FindMessageOnce(t.Context(), other)
	require.ErrorIs(t, err, store.ErrConflict)
	_, err = e.GetMessage(t.Context(), again.ID)
	require.ErrorIs(t, err, store.ErrNotFound)
	e.tasks(t, 1)
}

func testKeysOfOthers(t *testing.T, e env) {
	m := messageTo(e.heard(t))
	once := newOnce(m)
	for i, change := range []func(*store.Once){
		func(*store.Once) {},
		func(o *store.Once) { o.Key += "x" },
		func(o *store.Once) { o.Project = smn.NewID() },
		func(o *store.Once) { o.TopicID = smn.NewID() },
	} {
		m.ID = smn.NewID()
		o := once
		o.Fingerprint = []byte{byte(i)}
		change(&o)
		id, err := e.putOnce(m, o)
		require.NoError(t, err)
		require.Equal(t, m.ID, id)
	}
	e.tasks(t, 4)
}

func testKeyForgotten(t *testing.T, e env) {
	m := messageTo(e.heard(t))
	first := m.ID
	once := newOnce(m)
	_, err := e.putOnce(m, once)
	require.NoError(t, err)
	once.After = m.AcceptedAt.Add(-time.Millisecond)
	id, err := e.FindMessageOnce(t.Context(), once)
	require.NoError(t, err)
	require.Equal(t, first, id)
	once.After, once.Fingerprint = m.AcceptedAt, []byte("other")
	_, err = e.FindMessageOnce(t.Context(), once)
	require.ErrorIs(t, err, store.ErrNotFound)
	m.ID, m.AcceptedAt = smn.NewID(), m.AcceptedAt.Add(time.Hour)
	for range 2 {
		id, err = e.putOnce(m, once)
		require.NoError(t, err)
		require.Equal(t, m.ID, id)
	}
	e.tasks(t, 2)
}

func testPutMessageOnceAtOnce(t *testing.T, e env) {
	m := messageTo(e.heard(t))
	once := newOnce(m)
	ids := atOnce(t, 50, func(int) (string, error) {
		mine := m
		mine.ID = smn.NewID()
		return e.putOnce(mine, once)
	})
	for _, id := range ids {
		require.Equal(t, ids[0], id)
	}
	_, err := e.GetMessage(t.Context(), ids[0])
	require.NoError(t, err)
	e.tasks(t, 1)
}
