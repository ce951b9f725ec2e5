package mns

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"
)

// NewRequestID makes the id of a request or an attempt: 24 upper-case hex characters,
// of which the first eight are the time in seconds.
func NewRequestID(now time.Time) string {
	var b [12]byte
	binary.BigEndian.PutUint32(b[:], uint32(now.Unix())) //nolint:gosec // enough until 2106
	rand.Read(b[4:])                                     // never fails: see crypto/rand.Read
	return strings.ToUpper(hex.EncodeToString(b[:]))
}
