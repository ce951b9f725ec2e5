package storetest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

var chunkCases = []testCase{
	{"chunks follow the places", testChunks},
	{"holes are skipped", testChunkHoles},
	{"a full chunk alone has no next", testChunkBoundary},
	{"an unknown topic has no subscriptions", testUnknownChunk},
}

func (e env) chunk(t *testing.T, topic store.Topic, n int) store.Chunk {
	t.Helper()
	chunk, err := e.GetChunk(t.Context(), topic.Project, topic.ID, n)
	require.NoError(t, err)
	return chunk
}

func testChunks(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	subs := e.subscribe(t, topic, 2*store.ChunkSize+3)
	require.NoError(t, e.ChangeStatus(t.Context(), subs[1].SubscriptionKey, 0, smn.Confirmed))
	subs[1].Status, subs[1].Version = smn.Confirmed, 1 // whatever their status
	require.Equal(t, store.Chunk{Subscriptions: subs[:store.ChunkSize], Next: 1}, e.chunk(t, topic, 0))
	require.Equal(t, store.Chunk{Subscriptions: subs[store.ChunkSize : 2*store.ChunkSize], Next: 2}, e.chunk(t, topic, 1))
	require.Equal(t, store.Chunk{Subscriptions: subs[2*store.ChunkSize:], Next: -1}, e.chunk(t, topic, 2))
	require.Equal(t, store.Chunk{Next: -1}, e.chunk(t, topic, 3))
}

func testChunkHoles(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	subs := e.subscribe(t, topic, 2*store.ChunkSize+1)
	for i, sub := range subs { // leaves one in chunk 0, none in chunk 1, one in chunk 2
		if i != 5 && i != 2*store.ChunkSize {
			require.NoError(t, e.DeleteSubscription(t.Context(), sub.SubscriptionKey))
		}
	}
	require.Equal(t, store.Chunk{Subscriptions: subs[5:6], Next: 2}, e.chunk(t, topic, 0))
	require.Equal(t, store.Chunk{Next: 2}, e.chunk(t, topic, 1))
	require.Equal(t, store.Chunk{Subscriptions: subs[2*store.ChunkSize:], Next: -1}, e.chunk(t, topic, 2))
}

func testChunkBoundary(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	for _, n := range []int{store.ChunkSize - 1, 1, 1} { // size − 1, size, size + 1
		var items []store.AddSubscription
		for range n {
			items = append(items, newSubscription(topic, fmt.Sprint("https://", smn.NewID())))
		}
		last := e.add(t, topic, items...)[n-1]
		next := -1
		if last.Seq == store.ChunkSize {
			next = 1
		}
		chunk := e.chunk(t, topic, 0)
		require.Len(t, chunk.Subscriptions, int(min(last.Seq+1, store.ChunkSize)))
		require.Equal(t, next, chunk.Next)
	}
}

func testUnknownChunk(t *testing.T, e env) {
	topic := e.topic(t, smn.NewID(), "alerts")
	e.subscribe(t, topic, 1)
	stranger := topic
	stranger.Project = smn.NewID()
	require.Equal(t, store.Chunk{Next: -1}, e.chunk(t, stranger, 0))
	stranger = newTopic(topic.Project, "never made")
	require.Equal(t, store.Chunk{Next: -1}, e.chunk(t, stranger, 0))
}
