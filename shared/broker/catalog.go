package broker

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"tocsin/shared/smn"
	"tocsin/shared/store"
	"tocsin/shared/validation"
)

// protocols are all that are known, in the order in which they are listed.
var protocols = []smn.Protocol{
	smn.HTTP, smn.HTTPS, smn.Email, smn.SMS, smn.Call, smn.FunctionStage, smn.FunctionGraph,
	smn.DingDing, smn.Feishu, smn.WeChat, smn.WeLink, smn.Slack, smn.Teams,
}

// ListProtocols implements smn.Catalog.
func (b *Broker) ListProtocols(ctx context.Context) ([]smn.Protocol, error) {
	if _, err := enter(ctx, struct{}{}); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(protocols), func(p smn.Protocol) bool { return !validation.IsProtocol(string(p)) }), nil
}

// ListCloudServices implements smn.Catalog: no service of a cloud publishes here
// by itself.
func (b *Broker) ListCloudServices(ctx context.Context) ([]smn.CloudService, error) {
	_, err := enter(ctx, struct{}{})
	return []smn.CloudService{}, err
}

// ListTopicsWithResources implements smn.Catalog.
func (b *Broker) ListTopicsWithResources(ctx context.Context, in smn.ListTopicsInput) (smn.TopicResourcesPage, error) {
	topics, err := b.ListTopics(ctx, in)
	if err != nil {
		return smn.TopicResourcesPage{}, err
	}
	caller, err := smn.CallerFrom(ctx)
	if err != nil {
		return smn.TopicResourcesPage{}, err
	}
	page := smn.TopicResourcesPage{Topics: make([]smn.TopicResources, len(topics.Topics)), Total: topics.Total}
	for i, topic := range topics.Topics {
		tags, err := b.Store.ListTags(ctx, store.TagKey{Project: caller.Project, Kind: store.TopicKind, ID: topic.ID})
		if err != nil {
			return smn.TopicResourcesPage{}, fmt.Errorf("list the tags of %s: %w", topic.URN, err)
		}
		logtanks, err := b.logtanks(ctx, topic.ID)
		if err != nil {
			return smn.TopicResourcesPage{}, err
		}
		policy, err := b.Store.GetAttribute(ctx, topic.ID, string(smn.AccessPolicy))
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return smn.TopicResourcesPage{}, fmt.Errorf("get the access policy of %s: %w", topic.URN, err)
		}
		page.Topics[i] = smn.TopicResources{
			Topic: topic, Tags: list(tags), Logtanks: logtanks,
			Policy: smn.TopicPolicy{Text: policy.Value, CreatedAt: policy.CreatedAt, UpdatedAt: policy.UpdatedAt},
		}
	}
	return page, nil
}
