package main

import (
	"os"
	"runtime"
	"runtime/debug"
	gauges "runtime/metrics"
)

const (
	// gcPercent lets the heap grow to two and a half times of what lives in it: 400 gains
	// some percent of speed at full load and costs 30 MB more.
	gcPercent = 150
	// smallHeap is a heap that is not worth collecting, in bytes: as much as there is at
	// full load anyway. While little lives in it, as in publishing, it is collected a
	// third as often.
	smallHeap = 20 << 20
	// gcStep is by how much the percentage must change for setting it: that stops the
	// world for a moment.
	gcStep = 25
	// memoryLimit is where collecting gets eager again, in bytes.
	memoryLimit = 192 << 20
)

// tuneMemory sets the garbage collector, unless the environment does.
func tuneMemory() {
	if os.Getenv("GOGC") == "" {
		setGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}

// setGCPercent sets a percentage, and a fitting one after each collection.
func setGCPercent(percent int) {
	debug.SetGCPercent(percent)
	onCollection(func() {
		live := []gauges.Sample{{Name: "/gc/heap/live:bytes"}}
		gauges.Read(live)
		next := percentFor(live[0].Value.Uint64())
		if next < percent-gcStep || next > percent+gcStep {
			percent = next
			debug.SetGCPercent(percent)
		}
	})
}

// percentFor is how much the heap may grow above what lives in it.
func percentFor(live uint64) int {
	return max(gcPercent, int(smallHeap*100/max(live, 1<<20))-100)
}

// onCollection calls f after each collection: what nobody holds is collected each time.
func onCollection(f func()) {
	runtime.SetFinalizer(new([16]byte), func(*[16]byte) { // not so small that it shares its place with others
		onCollection(f) // first: f may let the next one begin
		f()
	})
}
