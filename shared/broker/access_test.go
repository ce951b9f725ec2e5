package broker_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/broker"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// counting counts how often attributes are read, and fails when it is told to.
type counting struct {
	store.Store
	mu    sync.Mutex
	reads int
	fail  error
}

func (c *counting) GetAttribute(ctx context.Context, topicID, name string) (store.Attribute, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reads++
	if c.fail != nil {
		return store.Attribute{}, c.fail
	}
	return c.Store.GetAttribute(ctx, topicID, name)
}

func withCounting(t *testing.T) (*fixture, *counting) {
	t.Helper()
	reads := &counting{}
	f := open(t, func(c *broker.Config) {
		reads.Store = c.Store
		c.Store = reads
	})
	return f, reads
}

const policyText = `{"Version":"2016-09-07","Id":"%s","Statement":[{"Sid":"s","Effect":"Allow","Principal":{"CSP":"urn:csp:iam::partner:root"},"Action":"SMN:Publish","Resource":"%s"}]}`

func (f *fixture) setPolicy(t *testing.T, topic, id string) {
	t.Helper()
	in := smn.UpdateTopicAttributeInput{TopicURN: topic, Name: smn.AccessPolicy, Value: fmt.Sprintf(policyText, id, topic)}
	require.NoError(t, f.UpdateTopicAttribute(f.ctx, in))
}

func partner(t *testing.T) context.Context {
	return smn.WithCaller(t.Context(), smn.Caller{Project: "22222222222222222222222222222222", Domain: "partner"})
}

// TestOwnerReadsNoPolicy: publishing is the hot path.
func TestOwnerReadsNoPolicy(t *testing.T) {
	f, reads := withCounting(t)
	topic := f.topic(t)
	f.setPolicy(t, topic, "i")
	in := smn.PublishInput{TopicURN: topic, Message: "m"}
	_, err := f.Publish(f.ctx, in)
	require.NoError(t, err)
	require.Zero(t, reads.reads)
	id, err := f.Publish(partner(t), in)
	require.NoError(t, err)
	require.Equal(t, 1, reads.reads)
	m, err := f.db.GetMessage(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, project, m.Project, "a message belongs to its topic's project, whoever publishes it")
}

// TestBatchAsksOnce: a batch asks once what it may do with a topic, not for each
// of the subscriptions that it names.
func TestBatchAsksOnce(t *testing.T) {
	f, reads := withCounting(t)
	topic := f.topic(t)
	f.setPolicy(t, topic, "i")
	var in smn.CancelSubscriptionsInput
	for range smn.MaxCancelBatch {
		in.SubscriptionURNs = append(in.SubscriptionURNs, topic+":"+smn.NewID())
	}
	errs, err := f.CancelSubscriptions(partner(t), in)
	require.NoError(t, err)
	for _, err := range errs {
		require.Equal(t, smn.Forbidden, smn.CodeOf(err))
	}
	require.Equal(t, 1, reads.reads)
}

// TestNobodyOfTheSameAccount: another project of the owner's account needs a
// policy as anybody does.
func TestNobodyOfTheSameAccount(t *testing.T) {
	f := open(t, nil)
	topic := f.topic(t)
	ctx := smn.WithCaller(t.Context(), smn.Caller{Project: "33333333333333333333333333333333"})
	_, err := f.GetTopic(ctx, smn.TopicInput{TopicURN: topic})
	require.Equal(t, smn.Forbidden, smn.CodeOf(err))
}

// TestManyPolicies goes round the cache several times, from many goroutines, and
// never meets a policy that is not the topic's own at that moment.
func TestManyPolicies(t *testing.T) {
	f := open(t, nil)
	var all sync.WaitGroup
	for i := range 4 {
		out, err := f.CreateTopic(f.ctx, smn.CreateTopicInput{Name: fmt.Sprint("topic", i)})
		require.NoError(t, err)
		all.Go(func() {
			for round := range 50 {
				f.setPolicy(t, out.URN, fmt.Sprint("i", round))
				_, err := f.Publish(partner(t), smn.PublishInput{TopicURN: out.URN, Message: "m"})
				require.NoError(t, err)
				require.NoError(t, f.DeleteTopicAttributes(f.ctx, smn.TopicInput{TopicURN: out.URN}))
				_, err = f.Publish(partner(t), smn.PublishInput{TopicURN: out.URN, Message: "m"})
				require.Equal(t, smn.Forbidden, smn.CodeOf(err))
			}
		})
	}
	all.Wait()
}

// TestPolicyThatCannotBeRead allows nothing and is our own fault.
func TestPolicyThatCannotBeRead(t *testing.T) {
	f, reads := withCounting(t)
	topic := f.topic(t)
	f.setPolicy(t, topic, "i")
	got, err := f.GetTopic(f.ctx, smn.TopicInput{TopicURN: topic})
	require.NoError(t, err)
	reads.fail = errors.New("the disk is gone")
	_, err = f.Publish(partner(t), smn.PublishInput{TopicURN: topic, Message: "m"})
	require.Equal(t, smn.Internal, smn.CodeOf(err))
	_, err = f.Subscribe(f.ctx, smn.SubscribeInput{TopicURN: topic, NewSubscription: smn.NewSubscription{Protocol: smn.Email, Endpoint: "a@example.com"}})
	require.Equal(t, smn.Internal, smn.CodeOf(err), "a confirmation would lack its introduction")
	reads.fail = nil

	require.NoError(t, f.db.PutAttribute(t.Context(), project, store.Attribute{TopicID: got.ID, Name: string(smn.AccessPolicy), Value: "{}"}))
	_, err = f.Publish(partner(t), smn.PublishInput{TopicURN: topic, Message: "m"})
	require.Equal(t, smn.Internal, smn.CodeOf(err))
}

func TestConfirmationsCarryTheIntroduction(t *testing.T) {
	f := open(t, nil)
	topic := f.topic(t)
	subscribe := smn.SubscribeInput{TopicURN: topic, NewSubscription: smn.NewSubscription{Protocol: smn.Email, Endpoint: "a@example.com"}}
	for _, introduction := range []string{"", "first", "second"} { // new, then again
		in := smn.UpdateTopicAttributeInput{TopicURN: topic, Name: smn.Introduction, Value: introduction}
		require.NoError(t, f.UpdateTopicAttribute(f.ctx, in))
		_, err := f.Subscribe(f.ctx, subscribe)
		require.NoError(t, err)
		tasks := f.waiting(t)
		require.Len(t, tasks, 1)
		require.Equal(t, introduction, tasks[0].Notice.Introduction)
	}
}

// TestPolicyEndsInTime: the clock of the service judges.
func TestPolicyEndsInTime(t *testing.T) {
	f := open(t, nil)
	topic := f.topic(t)
	end := f.now.Add(time.Minute).UTC().Truncate(time.Second)
	value := fmt.Sprintf(`{"Version":"2016-09-07","Id":"i","Statement":[{"Sid":"s","Effect":"Allow","Principal":"*","Action":"*","Resource":%q,"Condition":{"DateLessThan":{"csp:CurrentTime":%q}}}]}`,
		topic, end.Format(time.RFC3339))
	require.NoError(t, f.UpdateTopicAttribute(f.ctx, smn.UpdateTopicAttributeInput{TopicURN: topic, Name: smn.AccessPolicy, Value: value}))
	f.now = end.Add(-time.Nanosecond)
	_, err := f.GetTopic(partner(t), smn.TopicInput{TopicURN: topic})
	require.NoError(t, err)
	f.now = end
	_, err = f.GetTopic(partner(t), smn.TopicInput{TopicURN: topic})
	require.Equal(t, smn.Forbidden, smn.CodeOf(err))
}
