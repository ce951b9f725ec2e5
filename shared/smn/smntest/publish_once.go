package smntest

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

func (x actor) publish(t *testing.T, in smn.PublishInput) string {
	t.Helper()
	id, err := x.Publish(x.ctx, in)
	require.NoError(t, err)
	return id
}

// messages are the ids of the messages of a topic, newest first.
func (s *suite) messages(t *testing.T, topic string) (ids []string) {
	t.Helper()
	for _, m := range must(s.owner.ListMessages(s.owner.ctx, smn.ListMessagesInput{TopicURN: topic})) {
		ids = append(ids, m.ID)
	}
	return ids
}

func publishOnce(t *testing.T, s *suite) {
	topic, other := s.topic(t, "topic"), s.topic(t, "other")
	e := newEndpoint(t)
	s.confirmed(t, topic, e, hook(e.url))
	template := s.template(t, smn.CreateTemplateInput{Name: "disk", Content: "{host} is full"})
	in := smn.PublishInput{
		TopicURN: topic, Subject: "Disk", Message: "full", TimeToLive: time.Minute, Locale: "zh-cn", IdempotencyKey: "disk full / 17",
		Attributes: []smn.MessageAttribute{{Name: "team", Type: smn.StringAttribute, Values: []string{"ops"}}},
	}
	id := s.owner.publish(t, in)
	for range 3 {
		require.Equal(t, id, s.owner.publish(t, in))
	}
	for name, change := range map[string]func(*smn.PublishInput){
		"subject":      func(in *smn.PublishInput) { in.Subject = "" },
		"message":      func(in *smn.PublishInput) { in.Message += "." },
		"time to live": func(in *smn.PublishInput) { in.TimeToLive = 2 * time.Minute },
		"locale":       func(in *smn.PublishInput) { in.Locale = "" },
		"attributes":   func(in *smn.PublishInput) { in.Attributes = nil },
		"structure":    func(in *smn.PublishInput) { in.Structure = `{"default":"full"}` },
		"template":     func(in *smn.PublishInput) { in.TemplateName, in.Tags = "disk", map[string]string{"host": "a"} },
	} {
		changed := in
		change(&changed)
		_, err := s.owner.Publish(s.owner.ctx, changed)
		requireCode(t, smn.IdempotencyKeyUsed, err, name)
	}
	require.Equal(t, []string{id}, s.messages(t, topic))

	// A key is the project's own, and the topic's.
	elsewhere := in
	elsewhere.TopicURN = other
	require.NotEqual(t, id, s.owner.publish(t, elsewhere))
	s.set(t, topic, smn.AccessPolicy, allow(topic, Stranger, "SMN:Publish"))
	theirs := s.stranger.publish(t, in)
	require.NotEqual(t, id, theirs)
	require.Equal(t, theirs, s.stranger.publish(t, in))
	another := in
	another.IdempotencyKey = "18"
	last := s.owner.publish(t, another)
	require.Equal(t, []string{last, theirs, id}, s.messages(t, topic))

	got := map[string]bool{}
	for range 3 {
		got[e.next(t, wire.TypeNotification).MessageID] = true
	}
	require.Equal(t, map[string]bool{id: true, theirs: true, last: true}, got)

	// What was answered once is answered again, whatever has become of the template.
	in = smn.PublishInput{TopicURN: other, TemplateName: "disk", Tags: map[string]string{"host": "a", "more": "b"}, IdempotencyKey: "template"}
	id = s.owner.publish(t, in)
	require.NoError(t, s.owner.DeleteTemplate(s.owner.ctx, smn.TemplateInput{ID: template}))
	require.Equal(t, id, s.owner.publish(t, in))

	// A new topic of the name remembers nothing.
	require.NoError(t, s.owner.DeleteTopic(s.owner.ctx, smn.TopicInput{TopicURN: other}))
	s.topic(t, "other")
	require.NotEqual(t, id, s.owner.publish(t, smn.PublishInput{TopicURN: other, Message: "m", IdempotencyKey: "template"}))
}

func publishOnceRules(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	for _, key := range []string{" ", "a ", " a", "a\tb", "a\nb", "a\r\nX-Other: b", "\x00", "\x7f", "ü", "\xff", strings.Repeat("k", smn.MaxIdempotencyKey+1)} {
		_, err := s.owner.Publish(s.owner.ctx, smn.PublishInput{TopicURN: topic, Message: "m", IdempotencyKey: key})
		requireCode(t, smn.InvalidIdempotencyKey, err, "%q", key)
	}
	for _, key := range []string{"a", "a b", `"!~\/,;=`, strings.Repeat("k", smn.MaxIdempotencyKey-1), strings.Repeat("k", smn.MaxIdempotencyKey)} {
		in := smn.PublishInput{TopicURN: topic, Message: "m", IdempotencyKey: key}
		first := s.owner.publish(t, in)
		require.Equal(t, first, s.owner.publish(t, in), key)
	}
	// What is refused leaves no key behind.
	in := smn.PublishInput{TopicURN: topic, Message: "", IdempotencyKey: "refused"}
	_, err := s.owner.Publish(s.owner.ctx, in)
	requireCode(t, smn.InvalidMessage, err)
	in.TopicURN, in.Message = s.urn(Owner.Project, "missing"), "m"
	_, err = s.owner.Publish(s.owner.ctx, in)
	requireCode(t, smn.TopicNotFound, err)
	in.TopicURN = topic
	_, err = s.stranger.Publish(s.stranger.ctx, in)
	requireCode(t, smn.Forbidden, err)
	s.owner.publish(t, in)
	_, err = s.stranger.Publish(s.stranger.ctx, in)
	requireCode(t, smn.Forbidden, err, "a key opens no door")
}

// publishOnceAtOnce repeats a call many times side by side, as clients do that
// cannot wait.
func publishOnceAtOnce(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	const n = 50
	ids, errs := make([]string, n), make([]error, n)
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() {
			ids[i], errs[i] = s.owner.Publish(s.owner.ctx, smn.PublishInput{TopicURN: topic, Message: "m", IdempotencyKey: "key"})
		})
	}
	wait.Wait()
	for i := range n {
		require.NoError(t, errs[i])
		require.Equal(t, ids[0], ids[i])
	}
	require.Equal(t, ids[:1], s.messages(t, topic))
}
