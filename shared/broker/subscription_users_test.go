package broker_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/broker"
	"tocsin/shared/smn"
)

func newUser(p smn.Protocol, endpoint string) smn.NewSubscriptionUser {
	return smn.NewSubscriptionUser{Name: "Anna", NewSubscription: smn.NewSubscription{Protocol: p, Endpoint: endpoint}}
}

func TestUserQuota(t *testing.T) {
	const quota = 2
	f := open(t, func(c *broker.Config) { c.UserQuota = quota })
	in := smn.CreateSubscriptionUserInput{NewSubscriptionUser: newUser(smn.Email, "anna@example.com")}
	var id string
	for range quota {
		var err error
		id, err = f.CreateSubscriptionUser(f.ctx, in)
		require.NoError(t, err)
	}
	_, err := f.CreateSubscriptionUser(f.ctx, in)
	require.Equal(t, smn.TooManyResources, smn.CodeOf(err))
	require.NoError(t, f.DeleteSubscriptionUser(f.ctx, smn.SubscriptionUserInput{UserID: id}))
	_, err = f.CreateSubscriptionUser(f.ctx, in)
	require.NoError(t, err)
}

func TestUsersAtInternalEndpoints(t *testing.T) {
	f := open(t, nil)
	inside := newUser(smn.HTTP, "http://169.254.169.254/latest/meta-data")
	_, err := f.CreateSubscriptionUser(f.ctx, smn.CreateSubscriptionUserInput{NewSubscriptionUser: inside})
	require.Equal(t, smn.InternalEndpoint, smn.CodeOf(err))
	id, err := f.CreateSubscriptionUser(f.ctx, smn.CreateSubscriptionUserInput{NewSubscriptionUser: newUser(smn.HTTP, "http://example.com/")})
	require.NoError(t, err)
	err = f.UpdateSubscriptionUser(f.ctx, smn.UpdateSubscriptionUserInput{SubscriptionUserInput: smn.SubscriptionUserInput{UserID: id}, NewSubscriptionUser: inside})
	require.Equal(t, smn.InternalEndpoint, smn.CodeOf(err))
}

// TestUsersAreJudgedAgain: what was allowed when a user was added may be refused
// when it is subscribed.
func TestUsersAreJudgedAgain(t *testing.T) {
	f := open(t, func(c *broker.Config) { c.AllowPrivateEndpoints = true })
	id, err := f.CreateSubscriptionUser(f.ctx, smn.CreateSubscriptionUserInput{NewSubscriptionUser: newUser(smn.HTTP, "http://127.0.0.1/")})
	require.NoError(t, err)
	in := smn.SubscribeUsersInput{TopicURN: f.topic(t), UserIDs: []string{id}}
	f.AllowPrivateEndpoints = false
	outputs, err := f.SubscribeUsers(f.ctx, in)
	require.NoError(t, err)
	require.Equal(t, smn.InternalEndpoint, smn.CodeOf(outputs[0].Err))
}
