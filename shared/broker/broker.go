// Package broker is the core of the service: it implements smn.Service over the
// ports store and queue. It decides; what it decides is kept by the store and
// carried out by the worker in package deliver.
//
// Every method goes the same way: look at the input, look at the caller, decide,
// store.
package broker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/shared/iam"
	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
	"tocsin/shared/validation"
)

// Config is what a broker is built from.
type Config struct {
	Store  store.Store
	Tasks  Tasks         // where work goes that no row causes
	Tokens ConfirmTokens // reads the tokens of confirmation links
	Region string        // the region in URNs

	// AllowPrivateEndpoints lets http and https endpoints be addresses inside a
	// network. Only for local use.
	AllowPrivateEndpoints bool

	TopicQuota        int              // topics of a project; 0 means smn.MaxTopics
	SubscriptionQuota int              // subscriptions of a topic; 0 means smn.MaxSubscriptions
	UserQuota         int              // subscription users of a project; 0 means smn.MaxSubscriptionUsers
	TemplateQuota     int              // templates of a project; 0 means smn.MaxTemplates
	Now               func() time.Time // nil means time.Now
}

// Tasks takes tasks. Every queue.Queue does.
type Tasks interface {
	Put(ctx context.Context, tasks ...queue.Task) error
}

// ConfirmTokens reads the tokens of confirmation links. iam.ConfirmTokens does.
type ConfirmTokens interface {
	Open(token string, now time.Time) (iam.ConfirmSubject, error)
}

// Broker implements smn.Service.
type Broker struct {
	Config
	policies policies
}

var _ smn.Service = (*Broker)(nil)

// New builds a broker. It reports what the configuration lacks.
func New(c Config) (*Broker, error) {
	switch {
	case c.Store == nil, c.Tasks == nil, c.Tokens == nil:
		return nil, errors.New("broker: a store, a queue and confirmation tokens are needed")
	case !smn.IsRegion(c.Region):
		return nil, fmt.Errorf("broker: %q cannot be a region", c.Region)
	}
	if c.TopicQuota == 0 {
		c.TopicQuota = smn.MaxTopics
	}
	if c.SubscriptionQuota == 0 {
		c.SubscriptionQuota = smn.MaxSubscriptions
	}
	if c.UserQuota == 0 {
		c.UserQuota = smn.MaxSubscriptionUsers
	}
	if c.TemplateQuota == 0 {
		c.TemplateQuota = smn.MaxTemplates
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Broker{Config: c}, nil
}

// enter is how every method of an owner begins: the input keeps its rules, and
// there is a caller with a project.
func enter(ctx context.Context, input any) (smn.Caller, error) {
	if err := validation.Check(input); err != nil {
		return smn.Caller{}, err
	}
	caller, err := smn.CallerFrom(ctx)
	if err != nil {
		return smn.Caller{}, err
	}
	if caller.Project == "" {
		return smn.Caller{}, smn.Errorf(smn.Forbidden, "the caller has no project")
	}
	return caller, nil
}

// ownTopic finds a topic that belongs to the caller.
func (b *Broker) ownTopic(ctx context.Context, caller smn.Caller, text string) (store.Topic, error) {
	urn, err := smn.ParseTopicURN(text)
	if err != nil {
		return store.Topic{}, err
	}
	if urn.Project != caller.Project {
		return store.Topic{}, smn.Errorf(smn.Forbidden, "the topic belongs to another project")
	}
	return b.topic(ctx, urn)
}

// topic finds a topic. One of another region does not exist here.
func (b *Broker) topic(ctx context.Context, urn smn.TopicURN) (store.Topic, error) {
	err := store.ErrNotFound
	var t store.Topic
	if urn.Region == b.Region {
		t, err = b.Store.GetTopic(ctx, urn.Project, urn.Name)
	}
	if errors.Is(err, store.ErrNotFound) {
		return store.Topic{}, smn.Errorf(smn.TopicNotFound, "topic %s does not exist", urn)
	}
	if err != nil {
		return store.Topic{}, fmt.Errorf("get topic %s: %w", urn, err)
	}
	return t, nil
}

func (b *Broker) topicURN(t store.Topic) smn.TopicURN { return b.urn(t.Project, t.Name) }

func (b *Broker) urn(project, topicName string) smn.TopicURN {
	return smn.TopicURN{Region: b.Region, Project: project, Name: topicName}
}
