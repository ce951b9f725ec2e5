package dynamostore

import (
	"context"
	"errors"
)

// directory counts the rows of a list by blocks of neighbours, so that the page at
// an offset is found without reading what comes before it. The rows of the list have
// the prefix rows and their id.
//
// A block is a row under the prefix blocks and the first id that may belong to it;
// the first block has no id, so every id belongs somewhere. Its attribute n counts
// its rows, and added those that it ever had. The ids of a block end where the next
// one begins, as its attribute next says; the last block has none. When the last
// block is full another is opened behind its rows: ids sort by time, so new ones are
// behind all others. Should one come late it belongs to the block that is there,
// full or not. So the counts are exact, always.
type directory struct {
	pk     string
	blocks string
	rows   string
	size   int64 // rows of a block before another is opened
}

// add gives the write that counts a new id. It goes into the transaction that makes
// the row of that id, and its condition fails when the id belongs to another block
// by then: ask again.
func (db *DB) add(ctx context.Context, d directory, id string) (write, error) {
	for {
		block, err := db.blockOf(ctx, d, id)
		if err != nil {
			return write{}, err
		}
		mayOpen := block.num("n") >= d.size && !block.has("next")
		if mayOpen {
			mayOpen, err = db.isBehindAll(ctx, d, id)
		}
		if err != nil {
			return write{}, err
		}
		if !mayOpen {
			return d.count(block.key, "ADD n ?, added ?", id, n(1), n(1)), nil
		}
		err = db.transact(ctx,
			put(key{d.pk, d.blocks + id}, item{"n": n(0)}).when(absent),
			update(block.key, "SET #next = ?", s(id)).
				when("attribute_not_exists(#next) AND added = ?", n(block.num("added"))), // no row has come since
		)
		if err != nil && !errors.Is(err, errCondition) {
			return write{}, err
		}
	}
}

// drop gives the write that takes an id out of the count, like add.
func (db *DB) drop(ctx context.Context, d directory, id string) (write, error) {
	block, err := db.blockOf(ctx, d, id)
	return d.count(block.key, "ADD n ?", id, n(-1)), err
}

// count is an update of a block, unless an id does not belong to it any more.
func (d directory) count(block key, change, id string, by ...value) write {
	return update(block, change, by...).when("attribute_not_exists(#next) OR #next > ?", s(id))
}

// blockOf finds the block that an id belongs to. The first need not be there yet.
func (db *DB) blockOf(ctx context.Context, d directory, id string) (row, error) {
	for block, err := range db.query(ctx, query{pk: d.pk, from: d.blocks, to: d.blocks + id, backward: true, limit: 1}) {
		return block, err
	}
	return row{key: key{d.pk, d.blocks}}, nil
}

// isBehindAll says whether all rows of the list come before an id.
func (db *DB) isBehindAll(ctx context.Context, d directory, id string) (bool, error) {
	for last, err := range db.query(ctx, query{pk: d.pk, prefix: d.rows, backward: true, limit: 1}) {
		return err == nil && last.sk < d.rows+id, err
	}
	return true, nil
}

// total counts the rows of the list.
func (db *DB) total(ctx context.Context, d directory) (total int64, err error) {
	for block, err := range db.query(ctx, query{pk: d.pk, prefix: d.blocks}) {
		if err != nil {
			return 0, err
		}
		total += block.num("n")
	}
	return total, nil
}
