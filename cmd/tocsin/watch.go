package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// lookAgain is how often files that may change are read. Reading them all is
// simpler than any sign of a change, and sees editors that put another file in
// place of one, and symlinks that move.
const lookAgain = time.Second

// everySecond looks until ctx ends.
func everySecond(ctx context.Context, look func(context.Context)) {
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			look(ctx)
		}
	}
}

// changes tells when what is read again and again has changed.
type changes struct {
	judged [sha256.Size]byte // hash of what was taken or refused last
	seen   [sha256.Size]byte // hash of what was read last
	told   string            // the last failure to read, so that it is logged once
}

// first is what was read at the start.
func (c *changes) first(text []byte) { c.judged = sha256.Sum256(text) }

// settled says whether the text is another than the last one that was judged, and
// two looks have found the same: what is just being written is not taken for all.
func (c *changes) settled(text []byte) bool {
	c.told = ""
	hash, before := sha256.Sum256(text), c.seen
	c.seen = hash
	if hash == c.judged || hash != before {
		return false
	}
	c.judged = hash
	return true
}

// isNews says whether reading has not failed in this way the last time, too.
func (c *changes) isNews(err error) bool {
	before := c.told
	c.told = err.Error()
	return c.told != before
}

// readRegular reads a whole file. What is no file, such as a pipe, is not even
// opened: nobody may ever write to it, and the second look would find it empty.
func readRegular(path string, most int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New(path + " is no regular file")
	}
	if err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("%s has more than %d MiB", path, most>>20)
	}
	return text, err
}
