package dynamostore

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"tocsin/shared/store"
)

// table is the one table. Its reads are consistent and leave out rows that have
// expired; its calls are repeated while the table is busy.
type table struct {
	api  API
	name string
	now  func() time.Time
}

// get reads the row of a key, and says whether there is one.
func (t *table) get(ctx context.Context, k key) (row, bool, error) {
	var out getAnswer
	err := t.call(ctx, "GetItem", &getRequest{TableName: t.name, Key: k.item(), ConsistentRead: true}, &out)
	if err != nil {
		return row{}, false, fmt.Errorf("read %s: %w", k, err)
	}
	if out.Item == nil {
		return row{}, false, nil
	}
	r := rowOf(out.Item)
	return r, !r.expired(t.now()), nil
}

// there reads the row of a key. store.ErrNotFound when there is none.
func (t *table) there(ctx context.Context, k key) (row, error) {
	r, found, err := t.get(ctx, k)
	if err == nil && !found {
		err = store.ErrNotFound
	}
	return r, err
}

// maxGet is how many rows one call reads.
const maxGet = 100

// getMany reads the rows of keys, of which no two are the same. Those without a row
// are left out.
func (t *table) getMany(ctx context.Context, keys []key) (map[key]row, error) {
	rows := make(map[key]row, len(keys))
	for part := range slices.Chunk(keys, maxGet) {
		left := make([]item, len(part))
		for i, k := range part {
			left[i] = k.item()
		}
		for pause := (backoff{}); len(left) > 0; {
			var out batchGetAnswer
			in := &batchGetRequest{RequestItems: map[string]batchGet{t.name: {Keys: left, ConsistentRead: true}}}
			if err := t.call(ctx, "BatchGetItem", in, &out); err != nil {
				return nil, fmt.Errorf("read %d rows: %w", len(keys), err)
			}
			for _, item := range out.Responses[t.name] {
				if r := rowOf(item); !r.expired(t.now()) {
					rows[r.key] = r
				}
			}
			if left = out.UnprocessedKeys[t.name].Keys; len(left) > 0 {
				if err := pause.wait(ctx, errUnprocessed); err != nil {
					return nil, fmt.Errorf("read %d rows: %w", len(keys), err)
				}
			}
		}
	}
	return rows, nil
}

// query asks for rows of one pk by their sk.
type query struct {
	pk       string
	prefix   string // of sk; empty for all, unless from and to are set
	from, to string // instead: the first sk and the last; to is included
	behind   string // sk, within these bounds, to begin behind, whether or not it is there; empty to begin with the first
	backward bool   // the highest sk first
	limit    int    // rows at most; 0 for no bound
}

// highest is behind all that a sk goes on with.
const highest = "\U0010FFFF"

// query gives rows in the order of their sk, in UTF-8 bytes. It reads on while it is
// asked for more, up to 1 MB at once; with a limit it reads no more than that many
// rows, unless some have expired. An error comes last.
func (t *table) query(ctx context.Context, q query) iter.Seq2[row, error] {
	from, to := q.from, q.to
	if from == "" && to == "" {
		from, to = q.prefix, q.prefix+highest
	}
	in := queryRequest{
		TableName:                 t.name,
		KeyConditionExpression:    "pk = :pk AND sk BETWEEN :from AND :to",
		ExpressionAttributeValues: item{":pk": s(q.pk), ":from": s(from), ":to": s(to)},
		ConsistentRead:            true,
		ScanIndexForward:          !q.backward,
	}
	if from == "" { // no value of a key is empty
		in.KeyConditionExpression = "pk = :pk AND sk <= :to"
		delete(in.ExpressionAttributeValues, ":from")
	}
	if q.behind != "" {
		in.ExclusiveStartKey = key{q.pk, q.behind}.item()
	}
	return func(yield func(row, error) bool) {
		in, left := in, q.limit
		for {
			if q.limit > 0 {
				in.Limit = min(left, 1<<20)
			}
			var out queryAnswer
			if err := t.call(ctx, "Query", &in, &out); err != nil {
				yield(row{}, fmt.Errorf("query %s: %w", q.pk, err))
				return
			}
			for _, found := range out.Items {
				r := rowOf(found)
				if r.expired(t.now()) {
					continue
				}
				left--
				if !yield(r, nil) || left == 0 {
					return
				}
			}
			if in.ExclusiveStartKey = out.LastEvaluatedKey; in.ExclusiveStartKey == nil {
				return
			}
		}
	}
}

// write does one write. Of a put or a removal it gives the row as it was before, of
// an update as it is after. If the condition does not hold, the error is
// errCondition and the row what is there.
//
// When an answer is lost the write is done again: what must not be done twice, such
// as an ADD that nothing else corrects, goes by transact.
func (t *table) write(ctx context.Context, w write) (row, error) {
	in := w.request(t.name)
	in.ReturnValues = "ALL_OLD"
	if w.kind == updateKind {
		in.ReturnValues = "ALL_NEW"
	}
	var out writeAnswer
	err := t.call(ctx, string(w.kind)+"Item", &in, &out)
	if there, failed := conditionFailed(err); failed {
		out.Attributes, err = there, errCondition
	}
	if err != nil {
		err = fmt.Errorf("write %s: %w", w.key, err)
	}
	return rowOf(out.Attributes), err
}

// maxTransact is how many writes one transaction has at most. No two are of the
// same key.
const maxTransact = 100

// transact does all writes or none, and once only, also when an answer is lost. If a
// condition does not hold, the error is a *cancelled that names the first of them.
func (t *table) transact(ctx context.Context, writes ...write) error {
	in := &transactRequest{ClientRequestToken: token()}
	for _, w := range writes {
		in.TransactItems = append(in.TransactItems, map[writeKind]writeRequest{w.kind: w.request(t.name)})
	}
	err := whichCondition(t.call(ctx, "TransactWriteItems", in, nil))
	if err != nil {
		return fmt.Errorf("write %s and others: %w", writes[0].key, err)
	}
	return nil
}

// maxBatch is how many writes one call of batch sends at once.
const maxBatch = 25

// batch does puts and removals without conditions, each for itself and in no order.
// When it fails some may be done.
func (t *table) batch(ctx context.Context, writes ...write) error {
	for part := range slices.Chunk(writes, maxBatch) {
		left := make([]batchWrite, len(part))
		for i, w := range part {
			left[i] = w.batched()
		}
		for pause := (backoff{}); len(left) > 0; {
			var out batchWriteAnswer
			in := &batchWriteRequest{RequestItems: map[string][]batchWrite{t.name: left}}
			if err := t.call(ctx, "BatchWriteItem", in, &out); err != nil {
				return fmt.Errorf("write %d rows: %w", len(writes), err)
			}
			if left = out.UnprocessedItems[t.name]; len(left) > 0 {
				if err := pause.wait(ctx, errUnprocessed); err != nil {
					return fmt.Errorf("write %d rows: %w", len(writes), err)
				}
			}
		}
	}
	return nil
}

// value is what an attribute has: one of these.
type value struct {
	S  *string  `json:",omitempty"` // a text
	N  string   `json:",omitempty"` // a number
	B  []byte   `json:",omitzero"`
	BS [][]byte `json:",omitempty"` // a set of bytes
	M  item     `json:",omitzero"`  // values by name
}

// item is the attributes of a row.
type item = map[string]value

// key finds a row. Neither part may be empty.
type key struct{ pk, sk string }

func (k key) item() item { return item{"pk": s(k.pk), "sk": s(k.sk)} }

func (k key) String() string { return k.pk + " " + k.sk }

// row is what is kept under a key.
type row struct {
	key
	attrs item
}

func rowOf(attrs item) row {
	r := row{attrs: attrs}
	r.key = key{r.str("pk"), r.str("sk")}
	return r
}

// with is the item of a key with other attributes.
func (k key) with(attrs item) item {
	all := k.item()
	maps.Copy(all, attrs)
	return all
}
