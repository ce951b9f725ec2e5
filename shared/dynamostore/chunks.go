package dynamostore

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"tocsin/shared/store"
)

// GetChunk meets store.Subscriptions. A chunk that was read before is not read again
// while the blocks that it is in are as they were.
func (db *DB) GetChunk(ctx context.Context, project, topicID string, number int) (store.Chunk, error) {
	chunk, err := db.getChunk(ctx, project, topicID, number)
	if err != nil {
		return store.Chunk{}, fmt.Errorf("get chunk %d of topic %s: %w", number, topicID, err)
	}
	return chunk, nil
}

func (db *DB) getChunk(ctx context.Context, project, topicID string, number int) (store.Chunk, error) {
	t, found, err := db.roster(ctx, project, topicID)
	if err != nil || !found {
		return store.Chunk{Next: -1}, err
	}
	name := chunkName{topicID, number}
	if known, ok := db.chunks.get(name); ok {
		same, err := db.isAsItWas(ctx, t, known)
		if err != nil || same {
			return known.Chunk, err
		}
	}
	read, err := db.readChunk(ctx, t, number)
	if err == nil {
		db.chunks.put(name, read)
	}
	return read.Chunk, err
}

// knownChunk is a chunk, and the blocks that say whether it is as it was: those
// between the first and the last that have any of it, and of the next chunk.
//
// No other block matters. A chunk that another follows has given out its places, so
// nothing comes to it, nor to what lies empty between the two. The last chunk is as
// it was only while the topic has given out no place.
type knownChunk struct {
	store.Chunk
	seq    int64   // the next place of the topic
	blocks []block // without what they count
	open   bool    // whether the last of them is the topic's last
}

// isAsItWas says whether reading a chunk again would give the same.
func (db *DB) isAsItWas(ctx context.Context, t roster, known knownChunk) (bool, error) {
	if known.Next < 0 && known.seq != t.seq {
		return false, nil
	}
	closed := known.blocks
	if known.open {
		last := len(closed) - 1
		if !closed[last].is(t.block) {
			return false, nil
		}
		closed = closed[:last]
	}
	if len(closed) == 0 {
		return true, nil
	}
	now, err := db.closedBlocks(ctx, t.topicID, closed[0].first, closed[len(closed)-1].first)
	return slices.EqualFunc(now, closed, block.is), err
}

// is says whether a block is one that was seen before, unchanged.
func (b block) is(seen block) bool { return b.first == seen.first && b.version == seen.version }

// readChunk reads the blocks before the rows: what changes in between is read again
// the next time.
func (db *DB) readChunk(ctx context.Context, t roster, number int) (read knownChunk, err error) {
	var blocks []block
	if t.first != "" {
		if blocks, err = db.closedBlocks(ctx, t.topicID, "", t.first); err != nil {
			return read, err
		}
		if k := len(blocks) - 1; k >= 0 && blocks[k].first == t.first { // it has just been closed
			blocks = blocks[:k]
		}
	}
	blocks = append(blocks, t.block)
	read.seq, read.Next = t.seq, nextChunk(blocks, number)
	from, to := spanOf(blocks, number)
	if to > from {
		until := highest
		if to < len(blocks) {
			until = blocks[to].first
		}
		if read.Subscriptions, err = db.rowsOfChunk(ctx, t, number, blocks[from].first, until); err != nil {
			return read, err
		}
	}
	if read.Next >= 0 {
		next, _ := spanOf(blocks, read.Next)
		if to == from {
			from, to = next, next
		}
		from, to = min(from, next), max(to, next+1)
	}
	for _, b := range blocks[from:to] {
		read.blocks = append(read.blocks, block{first: b.first, version: b.version})
	}
	read.open = from < to && to == len(blocks)
	return read, nil
}

// spanOf finds the blocks that have any of a chunk: from one to, not including,
// another, which are the same when there are none.
func spanOf(blocks []block, number int) (from, to int) {
	for i, b := range blocks {
		if b.chunks[number] == 0 {
			continue
		}
		if to == 0 {
			from = i
		}
		to = i + 1
	}
	return from, to
}

// nextChunk finds the first chunk behind another that has subscriptions.
func nextChunk(blocks []block, number int) int {
	next := -1
	for _, b := range blocks {
		for chunk := range b.chunks {
			if chunk > number && (next < 0 || chunk < next) {
				next = chunk
			}
		}
	}
	return next
}

// rowsOfChunk reads those between two ids.
func (db *DB) rowsOfChunk(ctx context.Context, t roster, number int, from, until string) (list []store.Subscription, err error) {
	q := query{pk: rosterKey(t.topicID).pk, from: subscriptionPrefix + from, to: subscriptionPrefix + until}
	for r, err := range db.query(ctx, q) {
		if err != nil {
			return nil, err
		}
		if chunkOf(r.num("seq")) != number || r.sk == q.to {
			continue
		}
		sub, err := t.subscription(r)
		if err != nil {
			return nil, err
		}
		list = append(list, sub)
	}
	slices.SortFunc(list, func(a, b store.Subscription) int { return int(a.Seq - b.Seq) })
	return list, nil
}

// maxKnown bounds the subscriptions in chunks that are kept in memory: some 40 MB.
// What is over is forgotten all at once: it is read again.
const maxKnown = 65_536

type chunkName struct {
	topicID string
	number  int
}

// knownChunks are those that were read lately.
type knownChunks struct {
	mu     sync.Mutex
	chunks map[chunkName]knownChunk
	size   int
}

func (k *knownChunks) get(name chunkName) (knownChunk, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	known, ok := k.chunks[name]
	return known, ok
}

func (k *knownChunks) put(name chunkName, chunk knownChunk) {
	k.mu.Lock()
	defer k.mu.Unlock()
	size := 1 + len(chunk.Subscriptions)
	if old, ok := k.chunks[name]; ok {
		k.size -= 1 + len(old.Subscriptions)
	}
	if k.chunks == nil || k.size+size > maxKnown {
		k.chunks, k.size = map[chunkName]knownChunk{}, 0
	}
	k.chunks[name] = chunk
	k.size += size
}
