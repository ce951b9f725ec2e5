package mns

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tocsin/shared/smn"
)

// firstCount is what the last part of a message id counts from.
const firstCount = 200_000_000

// The parts of our ids, in hex characters: milliseconds, a count, what is random.
const (
	timeEnd  = 12
	countEnd = 16
)

// MessageID spells the id of a message as MNS does: what is random in it, a one, the
// milliseconds of Unix time, and the count within the millisecond, such as
// F6EA56633844DBFC-1-154BDFB8059-200000001. What is no id (smn.IsID) stays as it is.
func MessageID(id string) string {
	if !smn.IsID(id) {
		return id
	}
	milliseconds, _ := strconv.ParseUint(id[:timeEnd], 16, 48)
	count, _ := strconv.ParseUint(id[timeEnd:countEnd], 16, 16)
	return fmt.Sprintf("%s-1-%X-%d", strings.ToUpper(id[countEnd:]), milliseconds, firstCount+count)
}

// PublishTime is when a message was published: the time that the spelling of its id
// carries, too. It is false for what is no id.
func PublishTime(id string) (t time.Time, ok bool) {
	if !smn.IsID(id) {
		return time.Time{}, false
	}
	milliseconds, _ := strconv.ParseInt(id[:timeEnd], 16, 64)
	return time.UnixMilli(milliseconds), true
}

// ParseMessageID is the way back. It is false for what MessageID could not have written.
func ParseMessageID(s string) (id string, ok bool) {
	parts := strings.Split(s, "-")
	if len(parts) != 4 {
		return "", false
	}
	random, err := hex.DecodeString(parts[0])
	milliseconds, err1 := strconv.ParseUint(parts[2], 16, 48)
	count, err2 := strconv.ParseUint(parts[3], 10, 32)
	if err != nil || err1 != nil || err2 != nil || len(random) != 8 || count < firstCount || count-firstCount > 0xffff {
		return "", false
	}
	id = fmt.Sprintf("%012x%04x%x", milliseconds, count-firstCount, random)
	return id, smn.IsID(id) && MessageID(id) == s
}
