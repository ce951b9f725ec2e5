package dynamostore

import (
	"context"
	"fmt"
	"time"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// A message has two rows. Its head stands in the list of its topic; the other one is
// found by its id. A row costs whole KB to write, and what a list needs of a message
// is a fraction of one. So the head takes as much of the text as has room there, and
// what it costs is saved at the other row.
//
// The head is written last: a message is there when its head is.

// messageRow is the attribute v of a message. What it says stands beside it: as JSON
// it could become too long for a row.
type messageRow struct {
	Project      string                  `json:"project"`
	TopicID      string                  `json:"topic"`
	TopicURN     string                  `json:"urn"`
	TopicDisplay string                  `json:"display,omitempty"`
	Structured   bool                    `json:"structured,omitempty"` // the text is a structure
	Versions     map[smn.Protocol]string `json:"versions,omitempty"`   // of a template
	Attributes   []smn.MessageAttribute  `json:"attributes,omitempty"`
	Locale       string                  `json:"locale,omitempty"`
	Tag          string                  `json:"tag,omitempty"`
	ExpiresAt    time.Time               `json:"expires"`
}

// headRoom is how many bytes of subject and text a head can hold within one KB.
const headRoom = 1<<10 - 128

// keepMessages is how long a message is kept after its time to live has ended. So its
// dead deliveries are seen for smn.KeepDead, also those that were given up late.
const keepMessages = smn.KeepDead + 24*time.Hour

// messageRows are the writes of a message, the head last.
func messageRows(m store.Message) [2]write {
	v := messageRow{
		Project: m.Project, TopicID: m.TopicID, TopicURN: m.TopicURN, TopicDisplay: m.TopicDisplay,
		Structured: m.Structure != "", Attributes: m.Attributes, Locale: m.Locale, Tag: m.Tag, ExpiresAt: kept(m.ExpiresAt),
	}
	text := m.Body + m.Structure // one of them
	here := min(len(text), max(0, headRoom-len(m.Subject)))
	end := ttl(m.ExpiresAt.Add(keepMessages))
	head := item{"at": ms(m.AcceptedAt), "ttl": end}
	if here > 0 {
		head["text"] = b([]byte(text[:here]))
	}
	if m.Subject != "" {
		head["subject"] = s(m.Subject)
	}
	rest := item{"ttl": end}
	if here < len(text) {
		rest["text"] = b([]byte(text[here:]))
	}
	if m.Template != nil {
		v.Versions = m.Template.Versions
		rest["tags"] = texts(m.Template.Tags)
	}
	rest["v"] = body(v)
	return [2]write{put(messageKey(m.ID), rest), put(headKey(m.TopicID, m.ID), head)}
}

// texts is the value of texts by name.
func texts(byName map[string]string) value {
	values := make(item, len(byName))
	for name, text := range byName {
		values[name] = s(text)
	}
	return value{M: values}
}

// texts is what texts has kept, nil when there is none.
func (r row) texts(name string) map[string]string {
	values := r.attrs[name].M
	if values == nil {
		return nil
	}
	byName := make(map[string]string, len(values))
	for name := range values {
		byName[name] = row{attrs: values}.str(name)
	}
	return byName
}

// PutMessage meets store.Messages. The task is always put: whether somebody receives
// would cost a reading.
func (db *DB) PutMessage(ctx context.Context, m store.Message, fanOut queue.Task) error {
	for _, w := range messageRows(m) {
		if _, err := db.write(ctx, w); err != nil {
			return fmt.Errorf("put message %s: %w", m.ID, err)
		}
	}
	if err := db.putTasks(ctx, fanOut); err != nil {
		return fmt.Errorf("put message %s: %w", m.ID, err)
	}
	return nil
}

// PutPush meets store.Messages.
func (db *DB) PutPush(ctx context.Context, task queue.Task) error {
	if err := db.putTasks(ctx, task); err != nil {
		return fmt.Errorf("put push: %w", err)
	}
	return nil
}

// GetMessage meets store.Messages.
func (db *DB) GetMessage(ctx context.Context, id string) (store.Message, error) {
	m, err := db.getMessage(ctx, id)
	if err != nil {
		return store.Message{}, fmt.Errorf("get message %s: %w", id, err)
	}
	return m, nil
}

func (db *DB) getMessage(ctx context.Context, id string) (m store.Message, err error) {
	rest, err := db.there(ctx, messageKey(id))
	var v messageRow
	if err == nil {
		err = rest.decode(&v)
	}
	if err != nil {
		return m, err
	}
	head, err := db.there(ctx, headKey(v.TopicID, id))
	if err != nil {
		return m, err
	}
	m = store.Message{
		ID: id, Project: v.Project, TopicID: v.TopicID, TopicURN: v.TopicURN, TopicDisplay: v.TopicDisplay,
		Subject: head.str("subject"), Attributes: v.Attributes, Locale: v.Locale, Tag: v.Tag,
		AcceptedAt: head.time("at"), ExpiresAt: v.ExpiresAt,
	}
	text := string(append(head.bytes("text"), rest.bytes("text")...))
	switch {
	case v.Structured:
		m.Structure = text
	case v.Versions != nil:
		m.Template = &store.TemplateUse{Versions: v.Versions, Tags: rest.texts("tags")}
	default:
		m.Body = text
	}
	return m, nil
}

// head is what a list tells of a message.
func (r row) head() store.MessageHead {
	return store.MessageHead{ID: r.sk, Subject: r.str("subject"), AcceptedAt: r.time("at")}
}
