package dynamostore

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whoever adds, and in whatever order: each block counts what belongs to it.
func TestDirectoryCountsExactly(t *testing.T) {
	db, _ := open(t)
	d := directory{pk: "L", blocks: "b#", rows: "r#", size: 4}
	var group sync.WaitGroup
	for start := range 5 {
		group.Go(func() {
			for i := start; i < 60; i += 5 {
				id := fmt.Sprintf("%02d", i*37%60)
				for {
					counted, err := db.add(t.Context(), d, id)
					if err != nil {
						t.Error(err)
						return
					}
					err = db.transact(t.Context(), put(key{"L", "r#" + id}, nil), counted)
					if index, _ := failedAt(err); index >= 0 {
						continue
					}
					if err != nil {
						t.Error(err)
					}
					break
				}
			}
		})
	}
	group.Wait()
	total, err := db.total(t.Context(), d)
	require.NoError(t, err)
	require.EqualValues(t, 60, total)
	blocks := 0
	for block, err := range db.query(t.Context(), query{pk: "L", prefix: d.blocks}) {
		require.NoError(t, err)
		blocks++
		first, next := block.sk[len(d.blocks):], block.str("next")
		if !block.has("next") {
			next = highest
		}
		n := 0
		for r, err := range db.query(t.Context(), query{pk: "L", from: "r#" + first, to: "r#" + next}) {
			require.NoError(t, err)
			if r.sk != "r#"+next {
				n++
			}
		}
		require.EqualValues(t, n, block.num("n"), block.sk)
	}
	require.Greater(t, blocks, 1)

	for i := range 60 {
		id := fmt.Sprintf("%02d", i)
		dropped, err := db.drop(t.Context(), d, id)
		require.NoError(t, err)
		require.NoError(t, db.transact(t.Context(), remove(key{"L", "r#" + id}), dropped))
	}
	for block, err := range db.query(t.Context(), query{pk: "L", prefix: d.blocks}) {
		require.NoError(t, err)
		require.Zero(t, block.num("n"), block.sk)
	}
}
