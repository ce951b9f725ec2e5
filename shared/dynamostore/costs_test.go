package dynamostore

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// The costs that schema.go tells.
func TestCostsOfTopics(t *testing.T) {
	db, _ := open(t)
	project := smn.NewID()
	var reads, writes float64
	for range 100 {
		name := smn.NewID()
		r, w := cost(t, db, func() {
			_, created, err := db.CreateTopic(t.Context(), store.Topic{ID: smn.NewID(), Project: project, Name: name}, 100)
			require.NoError(t, err)
			require.True(t, created)
		})
		reads, writes = reads+r, writes+w
		r, w = cost(t, db, func() {
			_, err := db.GetTopic(t.Context(), project, name)
			require.NoError(t, err)
		})
		require.Equal(t, []float64{1, 0}, []float64{r, w})
	}
	t.Log("create topic: read", reads/100, "write", writes/100)
	require.LessOrEqual(t, writes/100, 6.1)
	require.LessOrEqual(t, reads/100, 3.1)
}

// requireCost makes sure that a call takes no more units than schema.go tells.
func requireCost(t *testing.T, db *DB, reads, writes float64, name string, call func() error) {
	t.Helper()
	r, w := cost(t, db, func() { require.NoError(t, call(), name) })
	t.Log(name, r, "read", w, "write")
	require.LessOrEqual(t, r, reads, name)
	require.LessOrEqual(t, w, writes, name)
}
