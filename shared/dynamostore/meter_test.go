package dynamostore

import (
	"context"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
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

func (m *meter) GetItem(ctx context.Context, in *dynamodb.GetItemInput, o ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := m.API.GetItem(ctx, in, o...)
	if err == nil {
		m.add(*out.ConsumedCapacity.CapacityUnits, 0)
	}
	return out, err
}

func (m *meter) Query(ctx context.Context, in *dynamodb.QueryInput, o ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := m.API.Query(ctx, in, o...)
	if err == nil {
		m.add(max(1, *out.ConsumedCapacity.CapacityUnits), 0)
	}
	return out, err
}

func (m *meter) PutItem(ctx context.Context, in *dynamodb.PutItemInput, o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := m.API.PutItem(ctx, in, o...)
	if err == nil {
		m.add(0, *out.ConsumedCapacity.CapacityUnits)
	}
	return out, err
}

func (m *meter) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, o ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := m.API.UpdateItem(ctx, in, o...)
	if err == nil {
		m.add(0, *out.ConsumedCapacity.CapacityUnits)
	}
	return out, err
}

func (m *meter) DeleteItem(ctx context.Context, in *dynamodb.DeleteItemInput, o ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error) {
	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := m.API.DeleteItem(ctx, in, o...)
	if err == nil {
		m.add(0, *out.ConsumedCapacity.CapacityUnits)
	}
	return out, err
}

// BatchGetItem takes a unit for every 4 KB of each row, begun ones too, and one
// where there is none.
func (m *meter) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, o ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	out, err := m.API.BatchGetItem(ctx, in, o...)
	if err == nil {
		for table := range in.RequestItems {
			missing := len(in.RequestItems[table].Keys) - len(out.Responses[table]) - len(out.UnprocessedKeys[table].Keys)
			m.add(float64(missing), 0)
			for _, found := range out.Responses[table] {
				m.add(units(found, 4<<10), 0)
			}
		}
	}
	return out, err
}

// BatchWriteItem takes what single writes would.
func (m *meter) BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput, o ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	if !m.on {
		return m.API.BatchWriteItem(ctx, in, o...)
	}
	for table, requests := range in.RequestItems {
		for _, r := range requests {
			if r.PutRequest != nil {
				m.add(0, max(units(r.PutRequest.Item, 1<<10), m.stored(ctx, &table, r.PutRequest.Item)))
			} else {
				m.add(0, m.stored(ctx, &table, r.DeleteRequest.Key))
			}
		}
	}
	return m.API.BatchWriteItem(ctx, in, o...)
}

// TransactWriteItems takes two units for every KB of each row, begun ones too, as it
// was before or as it is after, whichever is more; for checks as well.
func (m *meter) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	if !m.on {
		return m.API.TransactWriteItems(ctx, in, o...)
	}
	size := func() (sizes []float64) {
		for _, i := range in.TransactItems {
			switch {
			case i.Put != nil:
				sizes = append(sizes, m.stored(ctx, i.Put.TableName, i.Put.Item))
			case i.Update != nil:
				sizes = append(sizes, m.stored(ctx, i.Update.TableName, i.Update.Key))
			case i.Delete != nil:
				sizes = append(sizes, m.stored(ctx, i.Delete.TableName, i.Delete.Key))
			default:
				sizes = append(sizes, m.stored(ctx, i.ConditionCheck.TableName, i.ConditionCheck.Key))
			}
		}
		return sizes
	}
	before := size()
	out, err := m.API.TransactWriteItems(ctx, in, o...)
	if err == nil {
		for i, after := range size() {
			m.add(0, 2*max(before[i], after))
		}
	}
	return out, err
}

// stored is what writing the row costs that is there.
func (m *meter) stored(ctx context.Context, table *string, i item) float64 {
	out, err := m.API.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: table, Key: item{"pk": i["pk"], "sk": i["sk"]}, ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return 1 // the call itself will tell
	}
	return units(out.Item, 1<<10)
}

// units is how many begun pieces a row has; at least one.
func units(i item, piece int) float64 {
	size := 0
	for name, v := range i {
		size += len(name)
		switch v := v.(type) {
		case *types.AttributeValueMemberS:
			size += len(v.Value)
		case *types.AttributeValueMemberB:
			size += len(v.Value)
		case *types.AttributeValueMemberN:
			size += len(v.Value)/2 + 2
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
