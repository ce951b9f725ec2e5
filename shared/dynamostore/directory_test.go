package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// addRows makes rows and counts them, as the methods do.
func addRows(ctx context.Context, db *DB, d directory, ids ...string) error {
	for {
		writes, err := db.add(ctx, d, ids...)
		if err != nil {
			return err
		}
		for _, id := range ids {
			writes = append(writes, put(key{d.pk, d.rows + id}, nil).when(absent))
		}
		if err := db.transact(ctx, writes...); !errors.Is(err, errCondition) {
			return err
		}
	}
}

func dropRows(ctx context.Context, db *DB, d directory, ids ...string) error {
	for {
		writes, err := db.drop(ctx, d, ids...)
		if err != nil {
			return err
		}
		for _, id := range ids {
			writes = append(writes, remove(key{d.pk, d.rows + id}).when(present))
		}
		if err := db.transact(ctx, writes...); !errors.Is(err, errCondition) {
			return err
		}
	}
}

// rowIDs are the ids of rows, which are under a prefix.
func rowIDs(prefix string, rows []row) []string {
	ids := []string{}
	for _, r := range rows {
		ids = append(ids, r.sk[len(prefix):])
	}
	return ids
}

// requireCounts holds each block, and each group, to the rows between its ends, and
// tells how many there are of both.
func requireCounts(t require.TestingT, db *DB, d directory) (blocks, groups int) {
	ctx := context.Background()
	read := func(prefix string) (rows []row) {
		for r, err := range db.query(ctx, query{pk: d.pk, prefix: prefix}) {
			require.NoError(t, err)
			rows = append(rows, r)
		}
		return rows
	}
	ids := rowIDs(d.rows, read(d.rows))
	begin := rowIDs(d.blocks, read(d.blocks))
	hold := func(prefix string, rows []row) {
		for i, block := range rows {
			first, next := block.sk[len(prefix):], highest
			require.Equal(t, i == 0, first == "")
			if i < len(rows)-1 {
				next = rows[i+1].sk[len(prefix):]
				require.Equal(t, next, block.str("next"))
			}
			require.Equal(t, i < len(rows)-1, block.has("next"))
			within := func(ids []string) (n int) {
				for _, id := range ids {
					if first <= id && id < next {
						n++
					}
				}
				return n
			}
			require.EqualValues(t, within(ids), block.num("n"), block.sk)
			if prefix == d.groups {
				require.Contains(t, begin, first, "groups begin where blocks begin")
				require.EqualValues(t, within(begin)-1, block.num("blocks"), block.sk)
			}
		}
	}
	hold(d.blocks, read(d.blocks))
	if d.groups != "" {
		hold(d.groups, read(d.groups))
		groups = len(read(d.groups))
	}
	return len(begin), groups
}

// Whoever adds and drops, and in whatever order: each block counts what belongs to it.
// How many blocks there are then is chance: joining gives way to whoever is there.
func TestDirectoryAtOnce(t *testing.T) {
	db, _ := open(t)
	d := directory{pk: "L", blocks: "b#", rows: "r#", size: 4, groups: "g#", groupSize: 3}
	each := func(do func(ctx context.Context, db *DB, d directory, ids ...string) error, step, from, to int) {
		var group sync.WaitGroup
		for start := range 5 {
			group.Go(func() {
				for i := start; i < 60; i += 5 {
					if id := i * step % 60; from <= id && id < to {
						if err := do(t.Context(), db, d, fmt.Sprintf("%02d", id)); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
		group.Wait()
	}
	each(addRows, 7, 0, 60) // in no order
	requireCounts(t, db, d)
	each(dropRows, 1, 0, 60)
	requireCounts(t, db, d)
	d.pk = "M"
	each(addRows, 1, 0, 60) // nearly in order
	blocks, _ := requireCounts(t, db, d)
	require.Greater(t, blocks, 1, "each of the five goes upwards")
	each(dropRows, 7, 10, 60)
	requireCounts(t, db, d)
	each(dropRows, 1, 0, 10)
	requireCounts(t, db, d)
	_, total, err := db.page(t.Context(), d, part{limit: 1})
	require.NoError(t, err)
	require.Zero(t, total)
}

// Pages and counts are those of a slice, whatever came and went, and of what lists.
func TestPages(t *testing.T) {
	db, _ := open(t)
	lists := 0
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		lists++
		d := directory{pk: fmt.Sprint("L", lists), blocks: "b#", rows: "r#", size: int64(rapid.IntRange(1, 4).Draw(t, "size"))}
		if rapid.Bool().Draw(t, "groups") {
			d.groups, d.groupSize = "g#", int64(rapid.IntRange(1, 3).Draw(t, "blocks of a group"))
		}
		gone := directory{pk: d.pk + "gone", blocks: "b#", rows: "r#", size: 3} // those of its ids that no longer count
		var ids []string                                                        // that count, in order
		hidden := map[string]bool{}
		newest := 0
		some := func(label string) []string {
			picked := rapid.SliceOfNDistinct(rapid.SampledFrom(ids), 1, min(len(ids), 5), rapid.ID).Draw(t, label)
			ids = slices.DeleteFunc(ids, func(id string) bool { return slices.Contains(picked, id) })
			return picked
		}
		for range rapid.IntRange(1, 10).Draw(t, "steps") {
			switch step := rapid.IntRange(0, 5).Draw(t, "step"); {
			case step == 0 && len(ids) > 0:
				require.NoError(t, dropRows(ctx, db, d, some("dropped")...))
			case step == 1 && len(ids) > 0:
				for _, id := range some("hidden") {
					hidden["r#"+id] = true
					require.NoError(t, addRows(ctx, db, gone, id))
				}
			default:
				var added []string
				for range rapid.IntRange(1, 5).Draw(t, "added") {
					if newest++; rapid.IntRange(0, 4).Draw(t, "late") > 0 {
						newest++ // leaves room before it
					}
					id := fmt.Sprintf("%04d", newest)
					if late := fmt.Sprintf("%04d", newest/2); rapid.IntRange(0, 9).Draw(t, "early id") == 0 && !slices.Contains(ids, late) && !hidden["r#"+late] {
						id = late
					}
					if !slices.Contains(added, id) {
						added = append(added, id)
					}
				}
				require.NoError(t, addRows(ctx, db, d, added...))
				ids = append(ids, added...)
				slices.Sort(ids)
			}
		}
		requireCounts(t, db, d)
		for range 5 {
			p := part{offset: rapid.IntRange(0, 30).Draw(t, "offset"), limit: rapid.IntRange(1, 20).Draw(t, "limit")}
			if rapid.Bool().Draw(t, "marker") {
				p.after = fmt.Sprintf("%04d", rapid.IntRange(0, newest+1).Draw(t, "after"))
			}
			if len(hidden) > 0 {
				p.without, p.hidden = []directory{gone}, func(r row) bool { return hidden[r.sk] }
			} else {
				p.backward = rapid.Bool().Draw(t, "backward")
			}
			want := slices.Clone(ids)
			if p.backward {
				slices.Reverse(want)
			}
			want = slices.DeleteFunc(want, func(id string) bool {
				return p.after != "" && (id == p.after || id < p.after != p.backward)
			})
			want = want[min(p.offset, len(want)):]
			want = want[:min(p.limit, len(want))]
			rows, total, err := db.page(ctx, d, p)
			require.NoError(t, err)
			require.Equal(t, len(ids), total)
			require.Equal(t, append([]string{}, want...), rowIDs("r#", rows), p)
		}
	})
}

// What has become small is made one, so that a list does not cost what it once was.
func TestDirectoryShrinks(t *testing.T) {
	db, _ := open(t)
	d := directory{pk: "L", blocks: "b#", rows: "r#", size: 4, groups: "g#", groupSize: 4}
	for i := range 100 {
		require.NoError(t, addRows(t.Context(), db, d, fmt.Sprintf("%03d", i)))
	}
	blocks, groups := requireCounts(t, db, d)
	require.Equal(t, []int{25, 7}, []int{blocks, groups})
	for i := range 100 {
		if i%10 > 0 {
			require.NoError(t, dropRows(t.Context(), db, d, fmt.Sprintf("%03d", i)))
		}
	}
	blocks, groups = requireCounts(t, db, d)
	require.LessOrEqual(t, blocks, 7)
	require.LessOrEqual(t, groups, 3)
}
