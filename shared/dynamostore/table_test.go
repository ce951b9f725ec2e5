package dynamostore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/awsjson"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

func TestRows(t *testing.T) {
	db, _ := open(t)
	ctx, k := t.Context(), key{"P", "a"}
	_, found, err := db.get(ctx, k)
	require.NoError(t, err)
	require.False(t, found)

	type text struct{ Text string }
	_, err = db.write(ctx, put(k, item{"n": n(5), "status": s("new"), "raw": b([]byte{0xff}), "v": body(text{"<ünï>\x00"})}))
	require.NoError(t, err)
	got, found, err := db.get(ctx, k)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, k, got.key)
	require.EqualValues(t, 5, got.num("n"))
	require.Equal(t, "new", got.str("status"))
	require.Equal(t, []byte{0xff}, got.bytes("raw"))
	require.True(t, got.has("raw"))
	require.False(t, got.has("ttl"))
	require.Zero(t, got.num("ttl"))
	require.Contains(t, got.str("v"), "<ünï>", "no longer than need be")
	var v text
	require.NoError(t, got.decode(&v))
	require.Equal(t, text{"<ünï>\x00"}, v)

	after, err := db.write(ctx, update(k, "SET #status = ? ADD n ?", s("old"), n(2)).when("n = ?", n(5)).when(present))
	require.NoError(t, err)
	require.Equal(t, "old", after.str("status"))
	require.EqualValues(t, 7, after.num("n"))
	there, err := db.write(ctx, update(k, "SET n = ?", n(0)).when("n = ?", n(5)))
	require.ErrorIs(t, err, errCondition)
	require.EqualValues(t, 7, there.num("n"))
	there, err = db.write(ctx, put(k, nil).when(absent))
	require.ErrorIs(t, err, errCondition)
	require.EqualValues(t, 7, there.num("n"))

	before, err := db.write(ctx, remove(k).when("n > ?", n(6)))
	require.NoError(t, err)
	require.EqualValues(t, 7, before.num("n"))
	there, err = db.write(ctx, remove(k).when(present))
	require.ErrorIs(t, err, errCondition)
	require.Empty(t, there.attrs)
	_, err = db.write(ctx, remove(k))
	require.NoError(t, err)
}

// A value that is empty is there all the same.
func TestEmptyValues(t *testing.T) {
	db, _ := open(t)
	k := key{"P", "a"}
	_, err := db.write(t.Context(), put(k, item{"s": s(""), "b": b(nil), "m": texts(nil)}))
	require.NoError(t, err)
	got, _, err := db.get(t.Context(), k)
	require.NoError(t, err)
	for _, name := range []string{"s", "b", "m"} {
		require.True(t, got.has(name), name)
	}
	require.Empty(t, got.str("s"))
	require.NotNil(t, got.bytes("b"))
	require.NotNil(t, got.texts("m"))
}

// What has expired is not read, wherever it comes from, and gives way.
func TestExpiredRows(t *testing.T) {
	db, _ := open(t)
	ctx, now := t.Context(), time.Now()
	db.now = func() time.Time { return now }
	dies, stays := key{"P", "a"}, key{"P", "b"}
	require.NoError(t, db.batch(ctx, put(dies, item{"ttl": ttl(now.Add(10 * time.Second))}), put(stays, nil)))
	read := func() (got []key) {
		one, found, err := db.get(ctx, dies)
		require.NoError(t, err)
		if found {
			got = append(got, one.key)
		}
		many, err := db.getMany(ctx, []key{dies, stays})
		require.NoError(t, err)
		for r, err := range db.query(ctx, query{pk: "P"}) {
			require.NoError(t, err)
			require.Contains(t, many, r.key)
			got = append(got, r.key)
		}
		return got
	}
	require.Equal(t, []key{dies, dies, stays}, read())
	_, err := db.write(ctx, put(dies, nil).whenAbsent(now))
	require.ErrorIs(t, err, errCondition)

	now = now.Add(11 * time.Second)
	require.Equal(t, []key{stays}, read())
	_, err = db.write(ctx, put(dies, nil).whenAbsent(now))
	require.NoError(t, err)
	require.Equal(t, []key{dies, dies, stays}, read())
}

func TestQuery(t *testing.T) {
	db, _ := open(t)
	ctx := t.Context()
	var writes []write
	var keys []key
	for i := range 260 { // of 8 KB, so that an answer does not hold them all
		k := key{"P", fmt.Sprintf("r#%03d", i)}
		writes, keys = append(writes, put(k, item{"n": n(i), "b": b(make([]byte, 8<<10))})), append(keys, k)
	}
	require.NoError(t, db.batch(ctx, append(writes, put(key{"P", "a"}, nil), put(key{"P", "s"}, nil), put(key{"Q", "r#000"}, nil))...))
	rows, err := db.getMany(ctx, append(keys, key{"P", "none"}))
	require.NoError(t, err)
	require.Len(t, rows, 260)
	require.EqualValues(t, 259, rows[keys[259]].num("n"))

	for _, c := range []struct {
		query       query
		first, last string
		n           int
	}{
		{query{}, "a", "s", 262},
		{query{prefix: "r#"}, "r#000", "r#259", 260},
		{query{prefix: "r#", limit: 200}, "r#000", "r#199", 200},
		{query{prefix: "r#", backward: true, limit: 2}, "r#259", "r#258", 2},
		{query{prefix: "r#", behind: "r#100", limit: 2}, "r#101", "r#102", 2},
		{query{prefix: "r#", behind: "r#100x", limit: 2}, "r#101", "r#102", 2},
		{query{prefix: "r#", behind: "r#100x", backward: true, limit: 2}, "r#100", "r#099", 2},
		{query{from: "r#010", to: "r#012"}, "r#010", "r#012", 3},
		{query{to: "r#012"}, "a", "r#012", 14},
		{query{prefix: "x"}, "", "", 0},
	} {
		c.query.pk = "P"
		var got []string
		for r, err := range db.query(ctx, c.query) {
			require.NoError(t, err)
			got = append(got, r.sk)
		}
		require.Len(t, got, c.n, c.query)
		if c.n > 0 {
			require.Equal(t, []string{c.first, c.last}, []string{got[0], got[c.n-1]}, c.query)
		}
	}
	for r, err := range db.query(ctx, query{pk: "P"}) { // one may stop early
		require.NoError(t, err)
		require.Equal(t, "a", r.sk)
		break
	}
	require.NoError(t, db.batch(ctx, remove(keys[0]), remove(keys[1])))
	rows, err = db.getMany(ctx, keys)
	require.NoError(t, err)
	require.Len(t, rows, 258)
}

func TestTransact(t *testing.T) {
	db, _ := open(t)
	ctx, one, two := t.Context(), key{"P", "1"}, key{"P", "2"}
	require.NoError(t, db.transact(ctx, put(one, item{"n": n(1)}).when(absent), check(two, absent)))

	err := db.transact(ctx, put(two, nil), update(one, "ADD n ?", n(1)).when("n = ?", n(7)))
	index, there := failedAt(err)
	require.Equal(t, 1, index)
	require.EqualValues(t, 1, there.num("n"))
	require.ErrorIs(t, err, errCondition)
	_, found, err := db.get(ctx, two)
	require.NoError(t, err)
	require.False(t, found, "all or none")

	index, _ = failedAt(errors.New("another"))
	require.Equal(t, -1, index)
	require.NoError(t, db.transact(ctx, remove(one).when(present), put(two, nil)))
	rows, err := db.getMany(ctx, []key{one, two})
	require.NoError(t, err)
	require.Len(t, rows, 1)
}

// Transactions that meet at a row wait for each other.
func TestTransactAtOnce(t *testing.T) {
	db, _ := open(t)
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() {
			err := db.transact(t.Context(), put(key{"P", fmt.Sprint(i)}, nil), update(key{"P", "all"}, "ADD n ?", n(1)))
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	all, _, err := db.get(t.Context(), key{"P", "all"})
	require.NoError(t, err)
	require.EqualValues(t, 50, all.num("n"))
}

// busy is a table that refuses calls.
type busy struct {
	API
	refuse func(call int) error
	calls  int
	tokens map[string]bool
}

func (b *busy) Call(_ context.Context, _ string, in, _ any) error {
	b.calls++
	if in, ok := in.(*transactRequest); ok {
		b.tokens[in.ClientRequestToken] = true
	}
	return b.refuse(b.calls)
}

func TestBusyTable(t *testing.T) {
	reasons := func(codes ...string) error {
		var told refusal
		for _, code := range codes {
			told.CancellationReasons = append(told.CancellationReasons, reason{Code: code})
		}
		body, err := json.Marshal(told)
		require.NoError(t, err)
		return &awsjson.Error{Code: codeCanceled, Body: body}
	}
	throttled := &awsjson.Error{Code: "ProvisionedThroughputExceededException"}
	for _, c := range []struct {
		name   string
		always bool
		err    error
		want   error
		calls  int
	}{
		{"a conflict", false, reasons("None", "TransactionConflict"), nil, 6},
		{"throttling", false, throttled, nil, 6},
		{"throttling that does not end", true, throttled, store.ErrFull, 0},
		{"a condition beside a conflict", true, reasons("TransactionConflict", "ConditionalCheckFailed"), errCondition, 1},
		{"something else", true, context.DeadlineExceeded, context.DeadlineExceeded, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := &busy{tokens: map[string]bool{}, refuse: func(call int) error {
					if call > 5 && !c.always {
						return nil
					}
					return c.err
				}}
				db, err := New(Config{Client: api, Table: "t", Queue: noQueue{}})
				require.NoError(t, err)
				began := time.Now()
				err = db.transact(t.Context(), put(key{"P", "1"}, nil), put(key{"P", "2"}, nil))
				require.ErrorIs(t, err, c.want)
				require.Len(t, api.tokens, 1, "however often it is sent, it is done once")
				if c.calls > 0 {
					require.Equal(t, c.calls, api.calls)
				}
				require.Less(t, time.Since(began), maxWait+2*maxPause)
				if errors.Is(c.want, store.ErrFull) {
					require.Equal(t, smn.Overloaded, smn.CodeOf(err))
					require.GreaterOrEqual(t, time.Since(began), maxWait)
				}
			})
		})
	}
}

func TestBusyTableIsNotWaitedForLongerThanAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, err := New(Config{Table: "t", Queue: noQueue{}, Client: &busy{refuse: func(int) error { return &awsjson.Error{Code: "ThrottlingException"} }}})
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, _, err = db.get(ctx, key{"P", "1"})
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}
