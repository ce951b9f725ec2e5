package dynamostore

import "context"

// part asks for a part of a list.
type part struct {
	after    string // id to begin behind, whether or not it is there; empty to begin with the first
	backward bool   // the highest id first
	offset   int    // counted from there
	limit    int    // rows at most; at least 1

	// Lists whose rows are among these but no longer count, and what tells such a row.
	// They are for parts that are not backward.
	without []directory
	hidden  func(row) bool
}

// page reads a part of a list and counts all of it. What it costs does not depend on
// the offset, unless there are rows that no longer count.
func (db *DB) page(ctx context.Context, d directory, p part) (rows []row, total int, err error) {
	l, gone, total, err := db.countBoth(ctx, d, p.without)
	if err != nil {
		return nil, 0, err
	}
	rows, err = db.rowsOf(ctx, l, gone, p)
	return rows, total, err
}

// countBoth counts a list, and those of its rows that no longer count. Who removes
// such rows changes both counts at once, so they fit if one of them, read before and
// after the other, has not changed.
func (db *DB) countBoth(ctx context.Context, d directory, without []directory) (l counted, gone []counted, total int, err error) {
	_, before, err := db.countAll(ctx, without)
	for try := 1; err == nil; try++ {
		if l, err = db.countedList(ctx, d); err != nil || len(without) == 0 {
			return l, nil, l.total, err
		}
		var after int
		gone, after, err = db.countAll(ctx, without)
		if after == before || try == maxTries {
			return l, gone, max(l.total-after, 0), err
		}
		before = after
	}
	return l, nil, 0, err
}

// countAll counts several lists, and all of them together.
func (db *DB) countAll(ctx context.Context, lists []directory) (all []counted, total int, err error) {
	all = make([]counted, len(lists))
	for i := range all {
		if all[i], err = db.countedList(ctx, lists[i]); err != nil {
			return nil, 0, err
		}
		total += all[i].total
	}
	return all, total, nil
}

// counted is a list and the counts of its largest blocks.
type counted struct {
	directory
	counts []row
	total  int
}

func (db *DB) countedList(ctx context.Context, d directory) (l counted, err error) {
	l.directory = d
	prefix := d.groups
	if prefix == "" {
		prefix = d.blocks
	}
	l.counts, err = db.blocksBetween(ctx, d.pk, prefix, "", highest)
	for _, block := range l.counts {
		l.total += int(block.num("n"))
	}
	return l, err
}

// blocksBetween reads the blocks that begin at one id or another or between them.
func (db *DB) blocksBetween(ctx context.Context, pk, prefix, first, last string) (blocks []row, err error) {
	for block, err := range db.query(ctx, query{pk: pk, from: prefix + first, to: prefix + last}) {
		if err != nil {
			return nil, err
		}
		blocks = append(blocks, block)
	}
	return blocks, nil
}

// rowsOf reads a part.
func (db *DB) rowsOf(ctx context.Context, l counted, gone []counted, p part) ([]row, error) {
	from := query{pk: l.pk, prefix: l.rows, backward: p.backward}
	if p.after != "" {
		from.behind = l.rows + p.after
	}
	var skip int
	var err error
	switch {
	case p.offset == 0:
	case p.backward:
		from, skip, err = db.fromBackward(ctx, l, p)
	default:
		from, skip, err = db.from(ctx, l, gone, p)
	}
	if err != nil || skip < 0 {
		return nil, err
	}
	return db.readOn(ctx, from, skip, p)
}

// from finds a query whose rows, but for the first ones to skip, are a part that
// counts. There are none when skip is negative.
func (db *DB) from(ctx context.Context, l counted, gone []counted, p part) (from query, skip int, err error) {
	place := min(p.offset, l.total)
	if p.after != "" {
		behind := p.after + "\x00"
		before, err := db.rank(ctx, l, behind)
		if err != nil {
			return from, 0, err
		}
		less, err := db.rankInAll(ctx, gone, behind)
		if err != nil {
			return from, 0, err
		}
		place += before - less
	}
	if place >= l.total {
		return from, -1, nil
	}
	// The block of a place is sought as if no row were gone; then again, by as many
	// further as are gone before that block, and so on. Wherever that ends, it is known
	// how many rows before the block count.
	for try, less := 0, 0; ; try++ {
		block, before, err := db.blockAt(ctx, l, place+less)
		if err != nil {
			return from, 0, err
		}
		first := block.sk[len(l.blocks):]
		now, err := db.rankInAll(ctx, gone, first)
		if err != nil {
			return from, 0, err
		}
		if now <= less || try == maxTries {
			return query{pk: l.pk, from: l.rows + first, to: l.rows + highest}, max(place-before+now, 0), nil
		}
		less = now
	}
}

// maxTries is how often counts that fit are sought, and a better block to begin with.
const maxTries = 8

// fromBackward does the same for the highest id first.
func (db *DB) fromBackward(ctx context.Context, l counted, p part) (from query, skip int, err error) {
	end := l.total
	if p.after != "" {
		if end, err = db.rank(ctx, l, p.after); err != nil {
			return from, 0, err
		}
	}
	place := end - 1 - min(p.offset, l.total)
	if place < 0 {
		return from, -1, nil
	}
	block, before, err := db.blockAt(ctx, l, place)
	if err != nil {
		return from, 0, err
	}
	from = query{pk: l.pk, prefix: l.rows, backward: true}
	if block.has("next") {
		from.behind = l.rows + block.str("next")
	}
	return from, max(before+int(block.num("n"))-1-place, 0), nil
}

// blockAt finds the block of the row at a place, 0 being the first, and how many rows
// are before that block. It is the last block when there are not as many rows.
func (db *DB) blockAt(ctx context.Context, l counted, place int) (block row, before int, err error) {
	blocks := l.counts
	if l.groups != "" {
		var group row
		group, before = find(l.counts, 0, place)
		last := highest
		if group.has("next") {
			last = group.str("next")
		}
		if blocks, err = db.blocksBetween(ctx, l.pk, l.blocks, group.sk[len(l.groups):], last); err != nil {
			return block, 0, err
		}
	}
	if len(blocks) == 0 {
		return row{key: key{l.pk, l.blocks}}, before, nil
	}
	block, before = find(blocks, before, place)
	return block, before, nil
}

// find finds the block of a place among neighbours, of which there is at least one,
// and how many rows are before it, given how many are before all.
func find(blocks []row, before, place int) (row, int) {
	for _, block := range blocks[:len(blocks)-1] {
		n := int(block.num("n"))
		if place < before+n {
			return block, before
		}
		before += n
	}
	return blocks[len(blocks)-1], before
}

// rank says how many rows are before an id, which need not be there.
func (db *DB) rank(ctx context.Context, l counted, id string) (rank int, err error) {
	blocks := l.counts
	if l.groups != "" {
		group := 0
		for group < len(l.counts)-1 && l.counts[group+1].sk <= l.groups+id {
			rank += int(l.counts[group].num("n"))
			group++
		}
		if len(l.counts) > 0 {
			if blocks, err = db.blocksBetween(ctx, l.pk, l.blocks, l.counts[group].sk[len(l.groups):], id); err != nil {
				return 0, err
			}
		}
	}
	first := ""
	for i, block := range blocks {
		if first = block.sk[len(l.blocks):]; i == len(blocks)-1 || blocks[i+1].sk > l.blocks+id {
			break
		}
		rank += int(block.num("n"))
	}
	for r, err := range db.query(ctx, query{pk: l.pk, from: l.rows + first, to: l.rows + id}) {
		if err != nil {
			return 0, err
		}
		if r.sk < l.rows+id {
			rank++
		}
	}
	return rank, nil
}

// rankInAll does that for several lists together.
func (db *DB) rankInAll(ctx context.Context, lists []counted, id string) (rank int, err error) {
	for _, l := range lists {
		n, err := db.rank(ctx, l, id)
		if err != nil {
			return 0, err
		}
		rank += n
	}
	return rank, nil
}

// readOn reads the rows of a part.
func (db *DB) readOn(ctx context.Context, from query, skip int, p part) (rows []row, err error) {
	for from.limit = skip + p.limit; ; from.limit *= 2 {
		read := 0
		for r, err := range db.query(ctx, from) {
			if err != nil {
				return nil, err
			}
			read++
			from.behind = r.sk
			switch {
			case p.hidden != nil && p.hidden(r):
			case skip > 0:
				skip--
			default:
				if rows = append(rows, r); len(rows) == p.limit {
					return rows, nil
				}
			}
		}
		if read < from.limit {
			return rows, nil
		}
	}
}
