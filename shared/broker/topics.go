package broker

import (
	"context"
	"errors"
	"fmt"

	"tocsin/shared/access"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// CreateTopic implements smn.Topics.
func (b *Broker) CreateTopic(ctx context.Context, in smn.CreateTopicInput) (smn.CreateTopicOutput, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return smn.CreateTopicOutput{}, err
	}
	now := b.Now()
	topic := store.Topic{
		ID:                  smn.NewID(),
		Project:             caller.Project,
		Name:                in.Name,
		DisplayName:         in.DisplayName,
		EnterpriseProjectID: in.EnterpriseProjectID,
		TopicOptions:        in.TopicOptions,
		CreatedAt:           now,
		UpdatedAt:           now,
	}
	if topic.EnterpriseProjectID == "" {
		topic.EnterpriseProjectID = "0"
	}
	topic, created, err := b.Store.CreateTopic(ctx, topic, b.TopicQuota)
	if errors.Is(err, store.ErrLimit) {
		return smn.CreateTopicOutput{}, smn.Errorf(smn.TooManyTopics, "the project has %d topics, which is its limit", b.TopicQuota)
	}
	if err != nil {
		return smn.CreateTopicOutput{}, fmt.Errorf("create topic %s: %w", in.Name, err)
	}
	return smn.CreateTopicOutput{URN: b.topicURN(topic).String(), Created: created}, nil
}

// ListTopics implements smn.Topics.
func (b *Broker) ListTopics(ctx context.Context, in smn.ListTopicsInput) (smn.TopicPage, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return smn.TopicPage{}, err
	}
	q := store.TopicQuery{
		Project:           caller.Project,
		Name:              in.Name,
		Prefix:            in.FuzzyName,
		ID:                in.TopicID,
		Display:           in.FuzzyDisplayName,
		EnterpriseProject: in.EnterpriseProjectID,
		Offset:            in.Offset,
		Limit:             limitOf(in.Page),
	}
	if q.EnterpriseProject == allEnterpriseProjects {
		q.EnterpriseProject = ""
	}
	if in.Marker != "" {
		q.Offset = 0
		if q.After, err = b.markedTopic(ctx, caller, in.Marker); err != nil {
			return smn.TopicPage{}, err
		}
	}
	page, err := b.Store.ListTopics(ctx, q)
	if err != nil {
		return smn.TopicPage{}, fmt.Errorf("list topics: %w", err)
	}
	topics := make([]smn.Topic, len(page.Topics))
	for i, t := range page.Topics {
		topics[i] = b.describe(t)
	}
	return smn.TopicPage{Topics: topics, Total: page.Total}, nil
}

// allEnterpriseProjects is how clients ask for the topics of all of them.
const allEnterpriseProjects = "all_granted_eps"

// markedTopic is the id of the topic that a marker names. A URN tells a place in
// the list only as long as the topic is there.
func (b *Broker) markedTopic(ctx context.Context, caller smn.Caller, marker string) (string, error) {
	urn, err := smn.ParseTopicURN(marker)
	if err != nil {
		return marker, nil // the rules leave an id
	}
	topic, err := b.ownTopic(ctx, caller, marker)
	if code := smn.CodeOf(err); code == smn.Forbidden || code == smn.TopicNotFound {
		return "", smn.Errorf(smn.InvalidPage, "marker names topic %s, which the project does not have; page by topic_id where topics come and go", urn)
	}
	return topic.ID, err
}

// GetTopic implements smn.Topics.
func (b *Broker) GetTopic(ctx context.Context, in smn.TopicInput) (smn.Topic, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return smn.Topic{}, err
	}
	topic, err := b.openTopic(ctx, caller, access.QueryTopicDetail, in.TopicURN)
	if err != nil {
		return smn.Topic{}, err
	}
	return b.describe(topic), nil
}

// UpdateTopic implements smn.Topics.
func (b *Broker) UpdateTopic(ctx context.Context, in smn.UpdateTopicInput) error {
	caller, err := enter(ctx, in)
	if err != nil {
		return err
	}
	topic, err := b.openTopic(ctx, caller, access.UpdateTopic, in.TopicURN)
	if err != nil {
		return err
	}
	err = b.Store.UpdateTopic(ctx, topic.Project, topic.ID, store.TopicChange{
		DisplayName: in.DisplayName, MaxMessage: in.MaxMessage, Logging: in.Logging,
	}, b.Now())
	if errors.Is(err, store.ErrNotFound) {
		return smn.Errorf(smn.TopicNotFound, "topic %s does not exist", in.TopicURN)
	}
	if err != nil {
		return fmt.Errorf("update topic %s: %w", in.TopicURN, err)
	}
	return nil
}

// DeleteTopic implements smn.Topics.
func (b *Broker) DeleteTopic(ctx context.Context, in smn.TopicInput) error {
	caller, err := enter(ctx, in)
	if err != nil {
		return err
	}
	topic, err := b.openTopic(ctx, caller, access.DeleteTopic, in.TopicURN)
	if err != nil {
		return err
	}
	err = b.Store.DeleteTopic(ctx, topic.Project, topic.Name)
	if errors.Is(err, store.ErrNotFound) {
		return smn.Errorf(smn.TopicNotFound, "topic %s does not exist", in.TopicURN)
	}
	if err != nil {
		return fmt.Errorf("delete topic %s: %w", in.TopicURN, err)
	}
	return nil
}

// describe is the one translation of a topic from the store's terms.
func (b *Broker) describe(t store.Topic) smn.Topic {
	return smn.Topic{
		URN:                 b.urn(t.Project, t.Name),
		ID:                  t.ID,
		DisplayName:         t.DisplayName,
		EnterpriseProjectID: t.EnterpriseProjectID,
		TopicOptions:        t.TopicOptions,
		CreatedAt:           t.CreatedAt,
		UpdatedAt:           t.UpdatedAt,
	}
}

func limitOf(p smn.Page) int {
	if p.Limit == 0 {
		return smn.DefaultLimit
	}
	return p.Limit
}
