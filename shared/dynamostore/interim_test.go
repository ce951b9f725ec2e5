package dynamostore

import (
	"context"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

func (p partial) CreateTopic(ctx context.Context, topic store.Topic, limit int) (store.Topic, bool, error) {
	if _, _, err := p.missing.CreateTopic(ctx, topic, limit); err != nil {
		return topic, false, err
	}
	return p.DB.CreateTopic(ctx, topic, limit)
}

func (p partial) DeleteTopic(ctx context.Context, project, name string) error {
	topic, err := p.DB.GetTopic(ctx, project, name)
	if err != nil {
		return err
	}
	if err := p.batch(ctx, remove(topicKey(project, name)), remove(listedTopicKey(project, topic.ID))); err != nil {
		return err
	}
	if err := p.dropCounts(ctx, topic.ID); err != nil {
		return err
	}
	return p.missing.DeleteTopic(ctx, project, name)
}

func (p partial) AddSubscriptions(ctx context.Context, project, topicID string, items []store.AddSubscription, limit int) ([]store.AddedSubscription, error) {
	for _, s := range items {
		if _, err := p.write(ctx, put(subscriptionKey(topicID, s.ID), item{"v": body(map[string]any{"p": s.Protocol})})); err != nil {
			return nil, err
		}
	}
	return p.missing.AddSubscriptions(ctx, project, topicID, items, limit)
}

func (p partial) DeleteSubscription(ctx context.Context, k store.SubscriptionKey) error {
	if _, err := p.write(ctx, remove(subscriptionKey(k.TopicID, k.ID))); err != nil {
		return err
	}
	return p.missing.DeleteSubscription(ctx, k)
}

func (p partial) ChangeStatus(ctx context.Context, k store.SubscriptionKey, version int, to smn.Status, tasks ...queue.Task) error {
	return p.missing.ChangeStatus(ctx, k, version, to, tasks...)
}
