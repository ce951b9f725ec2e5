package dynamostore

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// meter counts the capacity units that calls take. DynamoDB Local tells those of
// single rows and of queries as the real one does, but for queries that find nothing,
// which take a unit, too. Of the calls for many rows it rounds the sum; the real one
// rounds each row, so they are counted here.
type meter struct {
	API
	on            bool // whether somebody wants to know what transactions take, which is much work
	mu            sync.Mutex
	reads, writes float64
}

// cost gives the units that a call took, with nobody else there.
func cost(t testing.TB, db *DB, call func()) (reads, writes float64) {
	t.Helper()
	m, ok := db.api.(*meter)
	require.True(t, ok)
	reads, writes = m.reads, m.writes
	m.on = true
	defer func() { m.on = false }()
	call()
	return m.reads - reads, m.writes - writes
}

func (m *meter) add(reads, writes float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads += reads
	m.writes += writes
}

// Call implements API.
func (m *meter) Call(ctx context.Context, operation string, in, out any) error {
	switch in := in.(type) {
	case *batchGetRequest:
		return m.batchGet(ctx, in, out.(*batchGetAnswer))
	case *batchWriteRequest:
		return m.batchWrite(ctx, in, out)
	case *transactRequest:
		return m.transact(ctx, in)
	}
	var request map[string]any
	encoded, err := json.Marshal(in)
	if err == nil {
		err = json.Unmarshal(encoded, &request)
	}
	if err != nil {
		return err
	}
	request["ReturnConsumedCapacity"] = "TOTAL"
	var answer json.RawMessage
	if err := m.API.Call(ctx, operation, request, &answer); err != nil {
		return err
	}
	var took struct {
		ConsumedCapacity struct{ CapacityUnits float64 }
	}
	if err := errors.Join(json.Unmarshal(answer, &took), json.Unmarshal(answer, out)); err != nil {
		return err
	}
	switch units := took.ConsumedCapacity.CapacityUnits; operation {
	case "GetItem":
		m.add(units, 0)
	case "Query":
		m.add(max(1, units), 0)
	default:
		m.add(0, units)
	}
	return nil
}

// batchGet takes a unit for every 4 KB of each row, begun ones too, and one where
// there is none.
func (m *meter) batchGet(ctx context.Context, in *batchGetRequest, out *batchGetAnswer) error {
	err := m.API.Call(ctx, "BatchGetItem", in, out)
	if err == nil {
		for table := range in.RequestItems {
			missing := len(in.RequestItems[table].Keys) - len(out.Responses[table]) - len(out.UnprocessedKeys[table].Keys)
			m.add(float64(missing), 0)
			for _, found := range out.Responses[table] {
				m.add(units(found, 4<<10), 0)
			}
		}
	}
	return err
}

// batchWrite takes what single writes would.
func (m *meter) batchWrite(ctx context.Context, in *batchWriteRequest, out any) error {
	if m.on {
		for table, writes := range in.RequestItems {
			for _, w := range writes {
				if put, ok := w["PutRequest"]; ok {
					m.add(0, max(units(put["Item"], 1<<10), m.stored(ctx, table, put["Item"])))
				} else {
					m.add(0, m.stored(ctx, table, w["DeleteRequest"]["Key"]))
				}
			}
		}
	}
	return m.API.Call(ctx, "BatchWriteItem", in, out)
}

// transact takes two units for every KB of each row, begun ones too, as it was before
// or as it is after, whichever is more; for checks as well.
func (m *meter) transact(ctx context.Context, in *transactRequest) error {
	if !m.on {
		return m.API.Call(ctx, "TransactWriteItems", in, nil)
	}
	size := func() (sizes []float64) {
		for _, one := range in.TransactItems {
			for kind, w := range one {
				k := w.Key
				if kind == putKind {
					k = w.Item
				}
				sizes = append(sizes, m.stored(ctx, w.TableName, k))
			}
		}
		return sizes
	}
	before := size()
	err := m.API.Call(ctx, "TransactWriteItems", in, nil)
	if err == nil {
		for i, after := range size() {
			m.add(0, 2*max(before[i], after))
		}
	}
	return err
}

// stored is what writing the row costs that is there.
func (m *meter) stored(ctx context.Context, table string, i item) float64 {
	var out getAnswer
	err := m.API.Call(ctx, "GetItem", &getRequest{TableName: table, Key: item{"pk": i["pk"], "sk": i["sk"]}, ConsistentRead: true}, &out)
	if err != nil {
		return 1 // the call itself will tell
	}
	return units(out.Item, 1<<10)
}

// units is how many begun pieces a row has; at least one.
func units(i item, piece int) float64 {
	size := 0
	for name, v := range i {
		size += len(name) + len(row{attrs: i}.str(name)) + len(v.B)
		if v.N != "" {
			size += len(v.N)/2 + 2
		}
	}
	return float64(max(1, (size+piece-1)/piece))
}

func TestMeter(t *testing.T) {
	db, _ := open(t)
	big := item{"b": b(make([]byte, 5<<10-50))} // 5 KB
	one, two := key{"P", "1"}, key{"Q", "2"}
	for _, c := range []struct {
		what          string
		call          func() error
		reads, writes float64
	}{
		{"put", func() error { _, err := db.write(t.Context(), put(one, big)); return err }, 0, 5},
		{"update", func() error { _, err := db.write(t.Context(), update(one, "ADD n ?", n(1))); return err }, 0, 5},
		{"get", func() error { _, _, err := db.get(t.Context(), one); return err }, 2, 0},
		{"get nothing", func() error { _, _, err := db.get(t.Context(), two); return err }, 1, 0},
		{"get both", func() error { _, err := db.getMany(t.Context(), []key{one, two}); return err }, 3, 0},
		{"query", func() error { _, err := db.countedList(t.Context(), directory{pk: "P"}); return err }, 2, 0},
		{"query nothing", func() error { _, err := db.countedList(t.Context(), directory{pk: "none"}); return err }, 1, 0},
		{"transact", func() error { return db.transact(t.Context(), check(one, present), put(two, nil)) }, 0, 12},
		{"transact again", func() error { return db.transact(t.Context(), put(one, nil), put(two, nil)) }, 0, 12},
		{"batch", func() error { return db.batch(t.Context(), put(one, big), remove(two)) }, 0, 6},
		{"remove", func() error { _, err := db.write(t.Context(), remove(one)); return err }, 0, 5},
	} {
		reads, writes := cost(t, db, func() { require.NoError(t, c.call(), c.what) })
		require.Equal(t, []float64{c.reads, c.writes}, []float64{reads, writes}, c.what)
	}
}
