package broker

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"tocsin/shared/access"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// openTopic finds a topic to which the caller may do this.
func (b *Broker) openTopic(ctx context.Context, caller smn.Caller, action access.Action, text string) (store.Topic, error) {
	topic, may, err := b.judgedTopic(ctx, caller, action, text)
	if err == nil && !may("", "") {
		err = notAllowed()
	}
	if err != nil {
		return store.Topic{}, err
	}
	return topic, nil
}

// may says whether a caller may do something to a topic; to subscribe, with this
// endpoint.
type may func(p smn.Protocol, endpoint string) bool

// judgedTopic finds a topic and tells what the caller may do with it. The
// owner's project may do everything, and no policy is read for it. Anybody else
// needs the policy's word; without one, a topic that exists is like one that
// does not.
func (b *Broker) judgedTopic(ctx context.Context, caller smn.Caller, action access.Action, text string) (store.Topic, may, error) {
	urn, err := smn.ParseTopicURN(text)
	if err != nil {
		return store.Topic{}, nil, err
	}
	topic, err := b.topic(ctx, urn)
	if urn.Project == caller.Project {
		return topic, func(smn.Protocol, string) bool { return true }, err
	}
	if smn.CodeOf(err) == smn.TopicNotFound {
		return store.Topic{}, nil, notAllowed()
	}
	if err != nil {
		return store.Topic{}, nil, err
	}
	policy, err := b.policyOf(ctx, topic.ID, urn)
	if err != nil {
		return store.Topic{}, nil, err
	}
	now := b.Now()
	return topic, func(p smn.Protocol, endpoint string) bool {
		return policy != nil && policy.Judge(access.Request{
			Domain: caller.Domain, Action: action, Topic: text, Time: now, Protocol: p, Endpoint: endpoint,
		}) == access.Allowed
	}, nil
}

func notAllowed() error {
	return smn.Errorf(smn.Forbidden, "the topic belongs to another project, and no access policy of it allows this")
}

// policyOf is the access policy of a topic, nil for none.
func (b *Broker) policyOf(ctx context.Context, topicID string, urn smn.TopicURN) (*access.Policy, error) {
	a, err := b.Store.GetAttribute(ctx, topicID, string(smn.AccessPolicy))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("get the access policy of %s: %w", urn, err)
	}
	policy, err := b.policies.get(a.Value, urn)
	if err != nil {
		return nil, fmt.Errorf("read the access policy of %s: %w", urn, err)
	}
	return policy, nil
}

// cachedPolicies bounds the policies in memory: one has 30 KiB at most.
const cachedPolicies = 64

// policies keeps the policies that were read last. Each is kept under its whole
// text and its topic, so that none is ever stale.
type policies struct {
	mu     sync.Mutex
	parsed map[policyKey]*access.Policy
	recent [cachedPolicies]policyKey // keys of parsed, a ring
	next   int
}

type policyKey struct {
	topic smn.TopicURN
	text  string
}

func (c *policies) get(text string, topic smn.TopicURN) (*access.Policy, error) {
	key := policyKey{topic, text}
	c.mu.Lock()
	policy := c.parsed[key]
	c.mu.Unlock()
	if policy != nil {
		return policy, nil
	}
	policy, err := access.Parse(text, topic)
	if err != nil {
		return nil, errors.New(err.Error()) // its code would be that of another call
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.parsed[key] == nil {
		if c.parsed == nil {
			c.parsed = make(map[policyKey]*access.Policy)
		}
		delete(c.parsed, c.recent[c.next])
		c.recent[c.next] = key
		c.next = (c.next + 1) % cachedPolicies
		c.parsed[key] = policy
	}
	return policy, nil
}
