package dynamostore

import (
	"context"
	"maps"
	"strconv"
	"strings"

	"tocsin/shared/store"
)

// roster is the row that the subscriptions of a topic begin with. It gives out their
// places and counts them. It is there from the first subscription on until the topic
// is deleted: without it, or for another project, nothing of them is found.
//
// A topic's list has blocks of neighbours like a directory, whose last block is kept
// in the roster itself: one row less to write for each new subscription. A block
// counts its rows by the chunks that they belong to, and its version grows with each
// change of any of them. So a chunk that was read once is known to be as it was while
// its blocks are.
type roster struct {
	topicID string
	project string
	name    string // of the topic
	seq     int64  // the next place
	from    int64  // the next place when the last block began
	n       int64  // subscriptions
	highest string // id that there ever was
	block          // the last one
}

// block is a part of a list. It ends where the next one begins.
type block struct {
	first   string // id that may belong to it; empty in the first block
	version int64
	chunks  map[int]int64 // number of its rows by chunk
}

// blockSize is how many places a block has before another is opened. A topic whose
// subscriptions come one after the other has whole blocks in each chunk.
const blockSize = 64

func (b block) rows() (n int64) {
	for _, k := range b.chunks {
		n += k
	}
	return n
}

func chunkOf(seq int64) int { return int(seq / store.ChunkSize) }

// chunkPrefix begins the attributes that count rows by chunk.
const chunkPrefix = "c"

func (r row) block(first string) block {
	b := block{first: first, version: r.num("version"), chunks: map[int]int64{}}
	for name := range r.attrs {
		if number, ok := strings.CutPrefix(name, chunkPrefix); ok {
			if chunk, err := strconv.Atoi(number); err == nil && r.num(name) > 0 {
				b.chunks[chunk] = r.num(name)
			}
		}
	}
	return b
}

func (b block) item() item {
	attrs := item{"version": n(b.version), "n": n(b.rows())}
	for chunk, k := range b.chunks {
		attrs[chunkPrefix+strconv.Itoa(chunk)] = n(k)
	}
	return attrs
}

// counting is the update of a block that says that rows have come or gone.
func counting(by map[int]int64) (change string, values []value) {
	names, sum := []string{"ADD #version ?, n ?"}, int64(0)
	for chunk, k := range by {
		names, values = append(names, chunkPrefix+strconv.Itoa(chunk)+" ?"), append(values, n(k))
		sum += k
	}
	return strings.Join(names, ", "), append([]value{n(1), n(sum)}, values...)
}

func (r row) roster(topicID string) roster {
	return roster{
		topicID: topicID, project: r.str("project"), name: r.str("name"),
		seq: r.num("seq"), from: r.num("from"), n: r.num("rows"), highest: r.str("highest"),
		block: r.block(r.str("first")),
	}
}

func (r roster) item() item {
	attrs := r.block.item()
	maps.Copy(attrs, item{
		"project": s(r.project), "name": s(r.name), "seq": n(r.seq), "from": n(r.from), "rows": n(r.n),
		"highest": s(r.highest), "first": s(r.first),
	})
	return attrs
}

// isLate says whether an id belongs to another block than the last.
func (r *roster) isLate(id string) bool { return id < r.first }

// mayGrow says whether another block is opened for a new id.
func (r *roster) mayGrow(id string) bool { return r.seq-r.from >= blockSize && id > r.highest }

// grow opens another block for a new id if need be, and gives the one that is last no
// longer. An empty one goes on being the last.
func (r *roster) grow(id string) (closed block, is bool) {
	if !r.mayGrow(id) {
		return block{}, false
	}
	r.from = r.seq
	if r.rows() == 0 {
		return block{}, false
	}
	closed = r.block
	closed.version++
	r.block = block{first: id, version: closed.version, chunks: map[int]int64{}}
	return closed, true
}

// place gives a new subscription its place, and counts it unless it is late.
func (r *roster) place(id string) (seq int64) {
	seq = r.seq
	r.seq++
	r.n++
	if !r.isLate(id) {
		r.highest = max(r.highest, id)
		r.chunks[chunkOf(seq)]++
	}
	return seq
}

// roster reads the roster of a topic of a project, and says whether there is one.
func (db *DB) roster(ctx context.Context, project, topicID string) (roster, bool, error) {
	r, found, err := db.get(ctx, rosterKey(topicID))
	return r.roster(topicID), found && r.str("project") == project, err
}

// closedBlock finds the block that an id belongs to which is before the last. The
// first of them is always there.
func (db *DB) closedBlock(ctx context.Context, topicID, id string) (block, error) {
	r, _, err := db.blockOf(ctx, blockKey(topicID, "").pk, blockPrefix, id)
	return r.block(strings.TrimPrefix(r.sk, blockPrefix)), err
}

// closedBlocks reads those that begin at an id or another or between them.
func (db *DB) closedBlocks(ctx context.Context, topicID, first, last string) (blocks []block, err error) {
	for r, err := range db.query(ctx, query{pk: blockKey(topicID, "").pk, from: blockPrefix + first, to: blockPrefix + last}) {
		if err != nil {
			return nil, err
		}
		blocks = append(blocks, r.block(strings.TrimPrefix(r.sk, blockPrefix)))
	}
	return blocks, nil
}
