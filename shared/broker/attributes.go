package broker

import (
	"context"
	"errors"
	"fmt"

	"tocsin/shared/access"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// ListTopicAttributes implements smn.Attributes.
func (b *Broker) ListTopicAttributes(ctx context.Context, in smn.ListTopicAttributesInput) (smn.TopicAttributes, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return smn.TopicAttributes{}, err
	}
	topic, err := b.openTopic(ctx, caller, access.ListTopicAttributes, in.TopicURN)
	if err != nil {
		return smn.TopicAttributes{}, err
	}
	kept, err := b.Store.ListAttributes(ctx, topic.ID)
	if err != nil {
		return smn.TopicAttributes{}, fmt.Errorf("list attributes of %s: %w", in.TopicURN, err)
	}
	out := smn.TopicAttributes{Values: map[smn.AttributeName]string{}}
	for _, name := range smn.AttributeNames {
		if in.Name == "" || in.Name == name {
			out.Values[name] = ""
		}
	}
	for _, a := range kept {
		name := smn.AttributeName(a.Name)
		if _, asked := out.Values[name]; !asked {
			continue
		}
		out.Values[name] = a.Value
		if name == smn.AccessPolicy {
			out.PolicyCreatedAt, out.PolicyUpdatedAt = a.CreatedAt, a.UpdatedAt
		}
	}
	return out, nil
}

// UpdateTopicAttribute implements smn.Attributes.
func (b *Broker) UpdateTopicAttribute(ctx context.Context, in smn.UpdateTopicAttributeInput) error {
	caller, err := enter(ctx, in)
	if err != nil {
		return err
	}
	topic, err := b.openTopic(ctx, caller, access.UpdateTopicAttribute, in.TopicURN)
	if err != nil {
		return err
	}
	if in.Value == "" {
		return removed(in.TopicURN, b.Store.DeleteAttribute(ctx, topic.ID, string(in.Name)))
	}
	if in.Name == smn.AccessPolicy {
		if _, err := access.Parse(in.Value, b.topicURN(topic)); err != nil {
			return err
		}
	}
	now := b.Now()
	err = b.Store.PutAttribute(ctx, topic.Project, store.Attribute{
		TopicID: topic.ID, Name: string(in.Name), Value: in.Value, CreatedAt: now, UpdatedAt: now,
	})
	if errors.Is(err, store.ErrNotFound) {
		return smn.Errorf(smn.TopicNotFound, "topic %s does not exist", in.TopicURN)
	}
	if err != nil {
		return fmt.Errorf("set %s of %s: %w", in.Name, in.TopicURN, err)
	}
	return nil
}

// DeleteTopicAttribute implements smn.Attributes.
func (b *Broker) DeleteTopicAttribute(ctx context.Context, in smn.TopicAttributeInput) error {
	caller, err := enter(ctx, in)
	if err != nil {
		return err
	}
	topic, err := b.openTopic(ctx, caller, access.DeleteTopicAttributeByName, in.TopicURN)
	if err != nil {
		return err
	}
	return removed(in.TopicURN, b.Store.DeleteAttribute(ctx, topic.ID, string(in.Name)))
}

// DeleteTopicAttributes implements smn.Attributes.
func (b *Broker) DeleteTopicAttributes(ctx context.Context, in smn.TopicInput) error {
	caller, err := enter(ctx, in)
	if err != nil {
		return err
	}
	topic, err := b.openTopic(ctx, caller, access.DeleteTopicAttributes, in.TopicURN)
	if err != nil {
		return err
	}
	return removed(in.TopicURN, b.Store.DeleteAttributes(ctx, topic.ID))
}

func removed(topic string, err error) error {
	if err != nil {
		return fmt.Errorf("delete attributes of %s: %w", topic, err)
	}
	return nil
}

// introduction is what a topic's owner wants to be said in its confirmations.
func (b *Broker) introduction(ctx context.Context, topicID string) (string, error) {
	a, err := b.Store.GetAttribute(ctx, topicID, string(smn.Introduction))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return "", fmt.Errorf("get the introduction of topic %s: %w", topicID, err)
	}
	return a.Value, nil
}
