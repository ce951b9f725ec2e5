package dynamostore

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// Pages of any size make up the list, whatever partitions its rows are in.
func TestPagesOfMessages(t *testing.T) {
	now := moment
	db, _ := openAt(t, &now)
	topicID := smn.NewID()
	var want []string
	for range 30 {
		m := newMessage("text")
		m.TopicID = topicID
		require.NoError(t, db.PutMessage(t.Context(), m, queue.Task{}))
		want = append(want, m.ID)
	}
	slices.Reverse(want)
	for _, limit := range []int{1, 4, 7, 30, 31} {
		var got []string
		for after := ""; ; after = got[len(got)-1] {
			page, err := db.ListMessages(t.Context(), store.MessageQuery{TopicID: topicID, After: after, Limit: limit})
			require.NoError(t, err)
			for _, head := range page {
				got = append(got, head.ID)
			}
			if len(page) < limit {
				break
			}
		}
		require.Equal(t, want, got, "pages of %d", limit)
	}
}

// What counts is what the last claim passed on: chunks can become empty.
func TestFanOutOfALaterClaim(t *testing.T) {
	now := moment
	db, _ := openAt(t, &now)
	m := newMessage("text")
	require.NoError(t, db.PutMessage(t.Context(), m, queue.Task{}))
	key := store.ChunkKey{MessageID: m.ID}
	for _, next := range [][]queue.Task{{queue.NewFanOut(m.Project, m.TopicID, m.ID, 1)}, nil} {
		claim, err := db.ClaimChunk(t.Context(), key, now, now.Add(time.Minute), next...)
		require.NoError(t, err)
		require.Equal(t, store.ClaimGranted, claim.State)
		now = now.Add(time.Minute)
	}
	require.NoError(t, db.FinishChunk(t.Context(), key, store.Tally{}, nil))
	report, err := db.GetReport(t.Context(), m.ID)
	require.NoError(t, err)
	require.False(t, report.FanningOut)
}
