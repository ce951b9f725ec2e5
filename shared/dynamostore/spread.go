package dynamostore

import (
	"cmp"
	"context"
	"slices"
	"strconv"
)

// A spread list gets its rows faster than one partition takes them, which is 1,000
// writes a second: each row is in one of a few, by the last character of an id.
const partitions = 4

// spread is the key of a row in the list of that name.
func spread(list, sk, id string) key {
	return key{partition(list, number(id)), sk}
}

// number is one of a few, by an id.
func number(id string) int { return int(id[len(id)-1]) % partitions }

func partition(list string, number int) string { return list + "#" + strconv.Itoa(number) }

// newest reads up to limit rows of a spread list, the highest sk first, whose sk
// begins with prefix and is below another one; empty for no such bound.
func (db *DB) newest(ctx context.Context, list, prefix, below string, limit int) (rows []row, err error) {
	q := query{from: prefix, to: prefix + highest, backward: true, limit: limit}
	if below != "" && below < q.to {
		q.to = below
		q.limit++ // it may be there
	}
	if q.from > q.to {
		return nil, nil
	}
	for number := range partitions {
		q.pk = partition(list, number)
		for r, err := range db.query(ctx, q) {
			if err != nil {
				return nil, err
			}
			if r.sk != below {
				rows = append(rows, r)
			}
		}
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(b.sk, a.sk) })
	return rows[:min(limit, len(rows))], nil
}
