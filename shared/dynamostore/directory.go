package dynamostore

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// directory counts the rows of a list by blocks of neighbours, so that the page at
// an offset is found without reading what comes before it. The rows of the list have
// the prefix rows and their id.
//
// A block is a row under the prefix blocks and the first id that may belong to it;
// the first block has no id, so every id belongs somewhere. Its attribute n counts
// its rows, and last is the highest id that it ever had. The ids of a block end where
// the next one begins, as its attribute next says; the last block has none. When the
// last block is full another is opened behind its rows: ids sort by time, so new ones
// are behind all others. Should one come late it belongs to the block that is there,
// full or not. Neighbours that have become small are made one. So the counts are
// exact, always.
//
// A long list has blocks of blocks as well, under the prefix groups: each counts the
// rows of the blocks that begin in it, and in its attribute blocks how many there are
// besides its first. Groups begin where blocks begin.
type directory struct {
	pk     string
	blocks string
	rows   string
	size   int64 // rows of a block before another is opened

	groups    string // empty for none
	groupSize int64  // blocks of a group before another is opened
}

// add gives the writes that count new ids. They go into the transaction that makes
// the rows of these ids, and a condition of theirs fails when one belongs to another
// block by then: ask again.
func (db *DB) add(ctx context.Context, d directory, ids ...string) ([]write, error) {
	return db.count(ctx, d, ids, 1, func(ids []string) (row, error) { return db.roomFor(ctx, d, ids) })
}

// within lets the write that counts one new id in a block fail when the list would
// have more than limit rows then, which it had room for when it was read. That is
// exact but for ids that come late, and belong to other blocks.
func (l counted) within(limit int64, counting write) write {
	for _, block := range l.counts {
		if block.key != counting.key {
			limit -= block.num("n")
		}
	}
	return counting.when("attribute_not_exists(n) OR n < ?", n(limit))
}

// drop gives the writes that take ids out of the count, like add.
func (db *DB) drop(ctx context.Context, d directory, ids ...string) ([]write, error) {
	first := true
	return db.count(ctx, d, ids, -1, func(ids []string) (row, error) {
		if first { // a block whose count is to change already stays
			first = false
			return db.shrink(ctx, d, ids)
		}
		block, _, err := db.blockOf(ctx, d.pk, d.blocks, ids[0])
		return block, err
	})
}

// count gives the writes that add to the counts, once for each id. Find gives the
// block that the first of some ids belongs to.
func (db *DB) count(ctx context.Context, d directory, ids []string, by int, find func(ids []string) (row, error)) (writes []write, err error) {
	ids = slices.Sorted(slices.Values(ids))
	for left := ids; len(left) > 0; {
		block, err := find(left)
		if err != nil {
			return nil, err
		}
		k := here(block, left)
		last := left[k-1]
		if by > 0 && last > block.str("last") {
			writes = append(writes, update(block.key, "ADD n ? SET #last = ?", n(k*by), s(last)).
				when(d.covers(block.key, last)).when("attribute_not_exists(#last) OR #last < ?", s(last)))
		} else {
			writes = append(writes, update(block.key, "ADD n ?", n(k*by)).when(d.covers(block.key, last)))
		}
		left = left[k:]
	}
	if d.groups == "" {
		return writes, nil
	}
	for left := ids; len(left) > 0; {
		group, _, err := db.blockOf(ctx, d.pk, d.groups, left[0])
		if err != nil {
			return nil, err
		}
		k := here(group, left)
		writes = append(writes, update(group.key, "ADD n ?", n(k*by)).when(d.covers(group.key, left[k-1])))
		left = left[k:]
	}
	return writes, nil
}

// here is how many of some sorted ids, at least the first, belong to a block.
func here(block row, ids []string) int {
	if !block.has("next") {
		return len(ids)
	}
	k, _ := slices.BinarySearch(ids, block.str("next"))
	return max(k, 1) // the first does: it was found by it
}

// covers is the condition that an id belongs to a block still. The first block need
// not be there yet.
func (d directory) covers(block key, id string) (condition string, last value) {
	condition = "attribute_not_exists(#next) OR #next > ?"
	if block.sk != d.blocks && block.sk != d.groups {
		condition = present + " AND (" + condition + ")"
	}
	return condition, s(id)
}

// blockOf finds the block under a prefix that an id belongs to, and the one before
// it, which has no key when there is none.
func (db *DB) blockOf(ctx context.Context, pk, prefix, id string) (block, before row, err error) {
	for r, err := range db.query(ctx, query{pk: pk, from: prefix, to: prefix + id, backward: true, limit: 2}) {
		switch {
		case err != nil:
			return row{}, row{}, err
		case block.sk == "":
			block = r
		default:
			before = r
		}
	}
	if block.sk == "" {
		block.key = key{pk, prefix}
	}
	return block, before, nil
}

// roomFor finds the block that the first of some new ids belongs to. When that is
// full, and they are behind all of its rows, it opens another for them.
func (db *DB) roomFor(ctx context.Context, d directory, ids []string) (row, error) {
	for {
		block, _, err := db.blockOf(ctx, d.pk, d.blocks, ids[0])
		if err != nil || block.has("next") || block.num("n") == 0 || block.num("n")+int64(len(ids)) <= d.size || block.str("last") >= ids[0] {
			return block, err
		}
		if err := db.openBlock(ctx, d, block.key, ids[0]); err != nil && !errors.Is(err, errCondition) {
			return row{}, err
		}
	}
}

// openBlock opens a block at an id behind all rows of the last one.
func (db *DB) openBlock(ctx context.Context, d directory, last key, id string) error {
	const isLast = "attribute_not_exists(#next)"
	writes := []write{
		put(key{d.pk, d.blocks + id}, item{"n": n(0)}).when(absent),
		update(last, "SET #next = ?", s(id)).when(isLast+" AND #last < ?", s(id)),
	}
	if d.groups != "" {
		group, _, err := db.blockOf(ctx, d.pk, d.groups, id)
		if err != nil {
			return err
		}
		if group.num("blocks")+1 < d.groupSize {
			writes = append(writes, update(group.key, "ADD blocks ?", n(1)).when(present+" AND "+isLast))
		} else {
			writes = append(writes,
				put(key{d.pk, d.groups + id}, item{"n": n(0), "blocks": n(0)}).when(absent),
				update(group.key, "SET #next = ?", s(id)).when(present+" AND "+isLast),
			)
		}
	}
	return db.transact(ctx, writes...)
}

// shrink finds the block that the first of some ids belongs to that go away. It makes
// one of it and the block before when they will be small enough, and of their groups.
// When someone changes them meanwhile they stay until the next time.
func (db *DB) shrink(ctx context.Context, d directory, ids []string) (row, error) {
	for {
		block, before, err := db.blockOf(ctx, d.pk, d.blocks, ids[0])
		if err != nil || before.sk == "" {
			return block, err
		}
		if block.num("n")+before.num("n")-int64(here(block, ids)) > most(d.size, block) {
			return block, nil
		}
		if err := db.join(ctx, d, before, block); err != nil {
			if errors.Is(err, errCondition) {
				err = nil
			}
			return block, err
		}
	}
}

// most is how large a block may become by joining it. The last one keeps room for new
// rows.
func most(size int64, block row) int64 {
	if block.has("next") {
		return size
	}
	return size / 2
}

// join makes one of a block and the one before it, or first of their groups when they
// are of two. It is errCondition when nothing was done.
func (db *DB) join(ctx context.Context, d directory, before, block row) error {
	id := block.sk[len(d.blocks):]
	join := []write{
		remove(block.key).whileAs(block, "n", "last", "next"),
		before.goOn(block, id, "ADD n ?", n(block.num("n"))),
	}
	if d.groups == "" {
		return db.transact(ctx, join...)
	}
	group, groupBefore, err := db.blockOf(ctx, d.pk, d.groups, id)
	if err != nil {
		return err
	}
	if group.sk != d.groups+id { // both are of this group
		return db.transact(ctx, append(join, update(group.key, "ADD blocks ?", n(-1)).when(d.covers(group.key, id)))...)
	}
	blocks := group.num("blocks") + 1 // with its first
	if groupBefore.num("blocks")+blocks > most(d.groupSize, group) {
		return errCondition
	}
	return db.transact(ctx,
		remove(group.key).whileAs(group, "n", "blocks", "next"),
		groupBefore.goOn(group, id, "ADD n ?, blocks ?", n(group.num("n")), n(blocks)),
	)
}

// goOn lets a block end where the one behind it does, which begins with id, with other
// changes.
func (r row) goOn(behind row, id, change string, values ...value) write {
	var set []string
	for _, name := range []string{"last", "next"} {
		if behind.has(name) {
			set, values = append(set, "#"+name+" = ?"), append(values, behind.attrs[name])
		}
	}
	if len(set) > 0 {
		change += " SET " + strings.Join(set, ", ")
	}
	if !behind.has("next") {
		change += " REMOVE #next"
	}
	return update(r.key, change, values...).when("#next = ?", s(id))
}

// whileAs lets a write be done only while attributes of its row are as they were read.
func (w write) whileAs(r row, names ...string) write {
	for _, name := range names {
		if r.has(name) {
			w = w.when("#"+name+" = ?", r.attrs[name])
		} else {
			w = w.when("attribute_not_exists(#" + name + ")")
		}
	}
	return w
}
