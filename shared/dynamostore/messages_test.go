package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/awsjson"
	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// openAt gives an empty table at a time that one can set.
func openAt(t *testing.T, now *time.Time) (*DB, queue.Queue) {
	t.Helper()
	db, q := open(t)
	db.now = func() time.Time { return *now }
	return db, q
}

func newMessage(text string) store.Message {
	return store.Message{
		ID: smn.NewID(), Project: smn.NewID(), TopicID: smn.NewID(), TopicURN: "urn:smn:eu-de:" + smn.NewID() + ":alerts",
		TopicDisplay: "Alerts", Subject: "Disk full", Body: text, AcceptedAt: moment, ExpiresAt: moment.Add(time.Hour),
	}
}

func firstTask(m store.Message) queue.Task { return queue.NewFanOut(m.Project, m.TopicID, m.ID, 0) }

// tasks takes out of a queue what there is.
func tasks(t *testing.T, q queue.Queue) (ids []string) {
	t.Helper()
	for {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		leases, err := q.Receive(ctx, 10, time.Minute)
		cancel()
		if err != nil {
			return ids
		}
		for _, lease := range leases {
			ids = append(ids, lease.ID)
		}
		require.NoError(t, q.Ack(t.Context(), leases...))
	}
}

// A text is cut anywhere, also within a character.
func TestTextsOfAllLengths(t *testing.T) {
	now := moment
	db, _ := openAt(t, &now)
	for _, subject := range []string{"", "Disk", strings.Repeat("ü", smn.MaxSubject/2)} {
		room := headRoom - len(subject)
		for _, length := range []int{0, 1, room - 1, room, room + 1, 3 * room, smn.MaxMessage} {
			m := newMessage(strings.Repeat("数", length/3) + "\xff\x00\n"[:length%3])
			m.Subject = subject
			require.NoError(t, db.PutMessage(t.Context(), m, firstTask(m)))
			got, err := db.GetMessage(t.Context(), m.ID)
			require.NoError(t, err)
			require.Equal(t, m, got, "%d bytes", length)
		}
	}
}

// The largest that can be published fits a row, whatever it holds.
func TestLargestMessages(t *testing.T) {
	now := moment
	db, _ := openAt(t, &now)
	text := newMessage(strings.Repeat("\x01", smn.MaxMessage))
	rendered := newMessage("")
	rendered.Template = &store.TemplateUse{Versions: map[smn.Protocol]string{smn.DefaultVariant: smn.NewID()}, Tags: map[string]string{}}
	for i := range smn.MaxVariables {
		rendered.Template.Tags[fmt.Sprintf("%0*d", smn.MaxVariableName, i)] = strings.Repeat("\x01", smn.MaxVariableValue)
	}
	for _, m := range []store.Message{text, rendered} {
		for i := range smn.MaxAttributes {
			a := smn.MessageAttribute{Name: fmt.Sprintf("%0*d", smn.MaxAttributeName, i), Type: smn.StringArrayAttribute}
			for range smn.MaxAttributeValues {
				a.Values = append(a.Values, strings.Repeat("数", smn.MaxAttributeValue))
			}
			m.Attributes = append(m.Attributes, a)
		}
		_, err := db.PutMessageOnce(t.Context(), m, store.Once{Project: m.Project, TopicID: m.TopicID, Key: "k", Fingerprint: []byte("f")}, firstTask(m))
		require.NoError(t, err)
		got, err := db.GetMessage(t.Context(), m.ID)
		require.NoError(t, err)
		require.Equal(t, m, got)
	}
}

// faulty is a table that fails when it is told to: before it does a write, or after.
type faulty struct {
	API
	before func(operation string) error
	after  func(operation string) error
}

var errFault = errors.New("the line is dead")

func (f *faulty) Call(ctx context.Context, operation string, in, out any) error {
	switch operation {
	case "PutItem", "UpdateItem", "BatchWriteItem":
	default:
		return f.API.Call(ctx, operation, in, out)
	}
	if f.before != nil {
		if err := f.before(operation); err != nil {
			return err
		}
	}
	err := f.API.Call(ctx, operation, in, out)
	if err == nil && f.after != nil {
		err = f.after(operation)
	}
	return err
}

// fail puts a faulty table under a store.
func fail(db *DB) *faulty {
	f := &faulty{API: db.api}
	db.api = f
	return f
}

// lostAnswer is a fault after which the same request is sent again.
func lostAnswer() func(string) error {
	lost := false
	return func(string) error {
		if lost {
			return nil
		}
		lost = true
		return &awsjson.Error{Code: "ThrottlingException"}
	}
}

// deaf is a queue that takes nothing.
type deaf struct{ queue.Queue }

func (deaf) Put(context.Context, ...queue.Task) error { return errFault }

// A message is there when its head is, and not before.
func TestPutMessageEndsEarly(t *testing.T) {
	now := moment
	db, q := openAt(t, &now)
	m := newMessage(strings.Repeat("x", 2000))
	fault := fail(db)
	puts := 0
	fault.before = func(string) error {
		if puts++; puts == 2 {
			return errFault
		}
		return nil
	}
	require.ErrorIs(t, db.PutMessage(t.Context(), m, firstTask(m)), errFault)
	require.Equal(t, 2, puts)
	_, err := db.GetMessage(t.Context(), m.ID)
	require.ErrorIs(t, err, store.ErrNotFound)
	list, err := db.ListMessages(t.Context(), store.MessageQuery{TopicID: m.TopicID, Limit: 1})
	require.NoError(t, err)
	require.Empty(t, list)
	require.Empty(t, tasks(t, q))

	// Its rows are there and its task is not: the call is repeated.
	db.queue = deaf{q}
	require.ErrorIs(t, db.PutMessage(t.Context(), m, firstTask(m)), errFault)
	db.queue = q
	require.NoError(t, db.PutMessage(t.Context(), m, firstTask(m)))
	got, err := db.GetMessage(t.Context(), m.ID)
	require.NoError(t, err)
	require.Equal(t, m, got)
	require.Equal(t, []string{firstTask(m).ID}, tasks(t, q))
}

// Who publishes again with the key of a message without a task gives it one, however
// the repetition is noticed.
func TestMessageOfAKeyWithoutTask(t *testing.T) {
	now := moment
	db, q := openAt(t, &now)
	for name, repeat := range map[string]func(m store.Message, once store.Once) (string, error){
		"found before": func(_ store.Message, once store.Once) (string, error) { return db.FindMessageOnce(t.Context(), once) },
		"put again": func(m store.Message, once store.Once) (string, error) {
			m.ID = smn.NewID()
			return db.PutMessageOnce(t.Context(), m, once, firstTask(m))
		},
	} {
		m := newMessage("text")
		once := store.Once{Project: smn.NewID(), TopicID: m.TopicID, Key: "k", Fingerprint: []byte("f"), After: moment.Add(-time.Hour)}
		db.queue = deaf{q}
		_, err := db.PutMessageOnce(t.Context(), m, once, firstTask(m))
		require.ErrorIs(t, err, errFault)
		_, err = repeat(m, once)
		require.ErrorIs(t, err, errFault, "not before its task is put")
		db.queue = q
		other := once
		other.Fingerprint = []byte("other words")
		_, err = repeat(m, other)
		require.ErrorIs(t, err, store.ErrConflict)
		require.Equal(t, []string{firstTask(m).ID}, tasks(t, q), "whoever used the key may take it for published: %s", name)
		id, err := repeat(m, once)
		require.NoError(t, err)
		require.Equal(t, m.ID, id, name)
		require.Equal(t, []string{firstTask(m).ID}, tasks(t, q), name)
	}
}

// A message goes with its head, and before its report.
func TestMessagesExpire(t *testing.T) {
	now := moment
	db, _ := openAt(t, &now)
	m := newMessage("text")
	m.ExpiresAt = moment.Add(smn.MaxTimeToLive)
	require.NoError(t, db.PutMessage(t.Context(), m, firstTask(m)))
	dead := store.Failure{MessageID: m.ID, SubscriptionID: smn.NewID(), TopicID: m.TopicID, Dead: true, At: moment}
	require.NoError(t, db.FinishChunk(t.Context(), store.ChunkKey{MessageID: m.ID}, store.Tally{Matched: 2}, []store.Failure{dead}))
	seen := func() (messages, listed, listedDead int) {
		_, err := db.GetMessage(t.Context(), m.ID)
		if err == nil {
			messages = 1
		} else {
			require.ErrorIs(t, err, store.ErrNotFound)
		}
		list, err := db.ListMessages(t.Context(), store.MessageQuery{TopicID: m.TopicID, Limit: 9})
		require.NoError(t, err)
		failures, err := db.ListDead(t.Context(), store.DeadQuery{TopicID: m.TopicID, Limit: 9})
		require.NoError(t, err)
		report, err := db.GetReport(t.Context(), m.ID)
		require.NoError(t, err)
		require.Equal(t, store.Report{Tally: store.Tally{Matched: 2}, Dead: 1}, report)
		return messages, len(list), len(failures)
	}
	for _, age := range []time.Duration{0, smn.KeepDead, keepMessages} {
		now = m.ExpiresAt.Add(age)
		messages, listed, listedDead := seen()
		require.Equal(t, []int{1, 1, 1}, []int{messages, listed, listedDead})
	}
	now = now.Add(time.Second) // of which a part had begun
	messages, listed, listedDead := seen()
	require.Equal(t, []int{0, 0, 0}, []int{messages, listed, listedDead})
}
