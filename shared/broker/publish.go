package broker

import (
	"context"
	"fmt"

	"tocsin/shared/access"
	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// Publish implements smn.Publisher. It is one durable step and constant work:
// the message and one task for its fan-out, however many subscribers there are. A
// template costs one reading more; it is the worker who renders. So does a key.
func (b *Broker) Publish(ctx context.Context, in smn.PublishInput) (string, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return "", err
	}
	topic, err := b.openTopic(ctx, caller, access.Publish, in.TopicURN)
	if err != nil {
		return "", err
	}
	once, id, err := b.once(ctx, caller, topic, in)
	if id != "" || err != nil {
		return id, err
	}
	ttl := in.TimeToLive
	if ttl == 0 {
		ttl = smn.DefaultTimeToLive
	}
	now := b.Now()
	m := store.Message{
		ID:           smn.NewID(),
		Project:      topic.Project,
		TopicID:      topic.ID,
		TopicURN:     in.TopicURN,
		TopicDisplay: topic.DisplayName,
		Subject:      in.Subject,
		Attributes:   in.Attributes,
		Locale:       in.Locale,
		Tag:          in.Tag,
		AcceptedAt:   now,
		ExpiresAt:    now.Add(ttl),
	}
	switch {
	case in.Structure != "":
		m.Structure = in.Structure
	case in.TemplateName != "":
		if m.Template, err = b.useTemplate(ctx, caller.Project, in); err != nil {
			return "", err
		}
	default:
		m.Body = in.Message
	}
	if most := topic.MaxMessage; most > 0 && len(m.Body)+len(m.Structure) > most {
		return "", smn.Errorf(smn.InvalidMessage, "the message has %d bytes; the topic takes at most %d", len(m.Body)+len(m.Structure), most)
	}
	fanOut := queue.NewFanOut(topic.Project, topic.ID, m.ID, 0)
	if once != nil {
		id, err = b.Store.PutMessageOnce(ctx, m, *once, fanOut)
		return id, onceError(in, err)
	}
	if err := b.Store.PutMessage(ctx, m, fanOut); err != nil {
		return "", fmt.Errorf("publish to %s: %w", in.TopicURN, err)
	}
	return m.ID, nil
}
