package main

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSmallHeapsAreCollectedSeldom(t *testing.T) {
	for live, heap := range map[uint64]uint64{ // what it grows to before it is collected
		1 << 20: smallHeap, 4 << 20: smallHeap, smallHeap / 3: smallHeap, smallHeap: smallHeap * 5 / 2, 1 << 40: 5 << 39,
	} {
		require.InEpsilon(t, heap, live+live*uint64(percentFor(live))/100, 0.02, live)
	}
	require.Equal(t, percentFor(1<<20), percentFor(0))
}

func TestEachCollectionIsTold(t *testing.T) {
	told := make(chan struct{}, 16)
	onCollection(func() {
		select {
		case told <- struct{}{}:
		default: // the test is over, and nobody else's finalizers are to wait for it
		}
	})
	for range 3 {
		runtime.GC()
		select {
		case <-told:
		case <-time.After(10 * time.Second):
			t.Fatal("not told of a collection")
		}
	}
}
