package main

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSmallHeapsAreCollectedSeldom(t *testing.T) {
	for live, percent := range map[uint64]int{
		0: 3100, 4 << 20: 700, 8 << 20: 300, 12 << 20: gcPercent, 32 << 20: gcPercent, 1 << 40: gcPercent,
	} {
		require.InDelta(t, percent, percentFor(live), 20, live)
	}
}

func TestEachCollectionIsTold(t *testing.T) {
	told := make(chan struct{}, 16)
	onCollection(func() { told <- struct{}{} })
	for range 3 {
		runtime.GC()
		select {
		case <-told:
		case <-time.After(10 * time.Second):
			t.Fatal("not told of a collection")
		}
	}
}
