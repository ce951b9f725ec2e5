package smn

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"sync"
	"time"
)

// NewID makes an id: 32 lower-case hex characters. Ids sort in the order in
// which one process made them, also within a millisecond and when the clock
// steps back: the first 48 bits are milliseconds of Unix time, the next 16 count
// within the millisecond, the last 64 are random. Time order keeps inserts at
// the end of an index; random keys cost the store ten times as much.
//
// It may be called from many goroutines at once.
func NewID() string {
	ids.Lock()
	if now := time.Now().UnixMilli(); now > ids.millisecond {
		ids.millisecond, ids.count = now, 0
	} else if ids.count++; ids.count == 0 {
		ids.millisecond++ // 65,536 ids in one millisecond: borrow from the next
	}
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(ids.millisecond)<<16|uint64(ids.count))
	ids.Unlock()
	rand.Read(b[8:]) // never fails: see crypto/rand.Read
	var text [2 * len(b)]byte
	hex.Encode(text[:], b[:])
	return string(text[:])
}

var ids struct {
	sync.Mutex
	millisecond int64
	count       uint16
}
