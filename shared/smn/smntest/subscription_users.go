package smntest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

func user(name string, n smn.NewSubscription) smn.NewSubscriptionUser {
	return smn.NewSubscriptionUser{Name: name, NewSubscription: n}
}

// user adds a subscription user and returns its id.
func (s *suite) user(t *testing.T, name string, n smn.NewSubscription) string {
	t.Helper()
	id, err := s.owner.CreateSubscriptionUser(s.owner.ctx, smn.CreateSubscriptionUserInput{NewSubscriptionUser: user(name, n)})
	require.NoError(t, err)
	require.True(t, smn.IsID(id))
	return id
}

func subscriptionUsers(t *testing.T, s *suite) {
	before := time.Now().Add(-time.Second)
	o := s.owner
	page, err := o.ListSubscriptionUsers(o.ctx, smn.ListSubscriptionUsersInput{})
	require.NoError(t, err)
	require.NotNil(t, page.Users, "an empty list is a list")
	require.Zero(t, page.Total)

	anna := s.user(t, "Anna Müller", smn.NewSubscription{
		Protocol: smn.HTTPS, Endpoint: "https://example.com/anna", Remark: "on call",
		Extension: smn.Extension{Header: map[string]string{"x-team": "ops", "X-Key": "s3cret"}},
	})
	bert := s.user(t, "Bert", mailTo("bert@example.com"))
	again := s.user(t, "Bert", mailTo("bert@example.com"))
	get := func(id string) (smn.SubscriptionUser, error) {
		return o.GetSubscriptionUser(o.ctx, smn.SubscriptionUserInput{UserID: id})
	}
	got, err := get(anna)
	require.NoError(t, err)
	require.WithinRange(t, got.CreatedAt, before, time.Now().Add(time.Second))
	require.Equal(t, smn.SubscriptionUser{
		ID: anna, Name: "Anna Müller", Protocol: smn.HTTPS, Endpoint: "https://example.com/anna", Remark: "on call",
		HeaderNames: []string{"X-Key", "x-team"}, CreatedAt: got.CreatedAt, UpdatedAt: got.CreatedAt,
	}, got)

	ids := []string{anna, bert, again}
	for offset := range 4 {
		page, err := o.ListSubscriptionUsers(o.ctx, smn.ListSubscriptionUsersInput{Page: smn.Page{Offset: offset, Limit: 2}})
		require.NoError(t, err)
		require.Equal(t, 3, page.Total)
		listed := []string{}
		for _, u := range page.Users {
			listed = append(listed, u.ID)
		}
		require.Equal(t, naivePage(ids, offset, 2), listed)
	}

	in := smn.UpdateSubscriptionUserInput{SubscriptionUserInput: smn.SubscriptionUserInput{UserID: anna}, NewSubscriptionUser: user("Anna", mailTo("anna@example.com"))}
	require.NoError(t, o.UpdateSubscriptionUser(o.ctx, in))
	changed, err := get(anna)
	require.NoError(t, err)
	require.Equal(t, smn.SubscriptionUser{
		ID: anna, Name: "Anna", Protocol: smn.Email, Endpoint: "anna@example.com", CreatedAt: got.CreatedAt, UpdatedAt: changed.UpdatedAt,
	}, changed, "all is replaced")
	require.False(t, changed.UpdatedAt.Before(changed.CreatedAt))

	require.NoError(t, o.DeleteSubscriptionUser(o.ctx, in.SubscriptionUserInput))
	requireCode(t, smn.ResourceNotFound, o.DeleteSubscriptionUser(o.ctx, in.SubscriptionUserInput), "the second time")
	requireCode(t, smn.ResourceNotFound, o.UpdateSubscriptionUser(o.ctx, in))
	_, err = get(anna)
	requireCode(t, smn.ResourceNotFound, err)

	x := s.stranger
	_, err = x.GetSubscriptionUser(x.ctx, smn.SubscriptionUserInput{UserID: bert})
	requireCode(t, smn.ResourceNotFound, err, "each project has its own")
	requireCode(t, smn.ResourceNotFound, x.DeleteSubscriptionUser(x.ctx, smn.SubscriptionUserInput{UserID: bert}))
	page, err = x.ListSubscriptionUsers(x.ctx, smn.ListSubscriptionUsersInput{})
	require.NoError(t, err)
	require.Empty(t, page.Users)
	_, err = get(bert)
	require.NoError(t, err)
}

func subscriptionUsersRules(t *testing.T, s *suite) {
	o := s.owner
	there := smn.SubscriptionUserInput{UserID: s.user(t, "there", mailTo("there@example.com"))}
	want, err := o.GetSubscriptionUser(o.ctx, there)
	require.NoError(t, err)
	for _, c := range []struct {
		code smn.Code
		user smn.NewSubscriptionUser
	}{
		{smn.InvalidParameter, user("", mailTo("a@example.com"))},
		{smn.InvalidParameter, user("a\nb", mailTo("a@example.com"))},
		{smn.InvalidParameter, user(strings.Repeat("n", smn.MaxSubscriptionUserName+1), mailTo("a@example.com"))},
		{smn.InvalidProtocol, user("a", smn.NewSubscription{Protocol: "ftp", Endpoint: "x"})},
		{smn.InvalidEndpoint, user("a", mailTo("broken"))},
		{smn.RemarkTooLong, user("a", smn.NewSubscription{Protocol: smn.Email, Endpoint: "a@example.com", Remark: strings.Repeat("r", smn.MaxRemark+1)})},
		{smn.InvalidSubscription, user("a", smn.NewSubscription{Protocol: smn.Email, Endpoint: "a@example.com", Extension: smn.Extension{Header: map[string]string{"x-a": "b"}}})},
	} {
		_, err := o.CreateSubscriptionUser(o.ctx, smn.CreateSubscriptionUserInput{NewSubscriptionUser: c.user})
		requireCode(t, c.code, err, c.user)
		err = o.UpdateSubscriptionUser(o.ctx, smn.UpdateSubscriptionUserInput{SubscriptionUserInput: there, NewSubscriptionUser: c.user})
		requireCode(t, c.code, err, c.user)
	}
	for _, id := range []string{"", "x", strings.ToUpper(strings.Repeat("a", 32)), strings.Repeat("a", 33)} {
		in := smn.SubscriptionUserInput{UserID: id}
		_, err := o.GetSubscriptionUser(o.ctx, in)
		requireCode(t, smn.InvalidUser, err)
		requireCode(t, smn.InvalidUser, o.DeleteSubscriptionUser(o.ctx, in))
		requireCode(t, smn.InvalidUser, o.UpdateSubscriptionUser(o.ctx, smn.UpdateSubscriptionUserInput{SubscriptionUserInput: in, NewSubscriptionUser: user("a", mailTo("a@example.com"))}))
	}
	page, err := o.ListSubscriptionUsers(o.ctx, smn.ListSubscriptionUsersInput{})
	require.NoError(t, err)
	require.Equal(t, []smn.SubscriptionUser{want}, page.Users, "what was refused has changed nothing")
	s.user(t, strings.Repeat("n", smn.MaxSubscriptionUserName-1), mailTo("a@example.com"))
	s.user(t, strings.Repeat("ä", smn.MaxSubscriptionUserName/2), mailTo("a@example.com"))
}

func subscribeUsers(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	o := s.owner
	e := newEndpoint(t)
	hooked := s.user(t, "hook", smn.NewSubscription{
		Protocol: smn.HTTP, Endpoint: e.url, Remark: "from the book",
		Extension: smn.Extension{Header: map[string]string{"x-team": "ops"}},
	})
	anna, bert := s.user(t, "Anna", mailTo("anna@example.com")), s.user(t, "Bert", mailTo("bert@example.com"))
	there := s.subscribed(t, topic, mailTo("bert@example.com"))
	subscribe := func(topic string, ids ...string) ([]smn.SubscribeOutput, error) {
		return o.SubscribeUsers(o.ctx, smn.SubscribeUsersInput{TopicURN: topic, UserIDs: ids})
	}
	outputs, err := subscribe(topic, hooked, strings.Repeat("0", 32), bert, "x", anna, anna)
	require.NoError(t, err)
	require.Len(t, outputs, 6)
	require.True(t, outputs[0].Created)
	requireCode(t, smn.InvalidUser, outputs[1].Err)
	require.Equal(t, smn.SubscribeOutput{URN: there}, outputs[2])
	requireCode(t, smn.InvalidUser, outputs[3].Err)
	require.True(t, outputs[4].Created)
	require.Equal(t, smn.SubscribeOutput{URN: outputs[4].URN}, outputs[5], "the same twice in a batch is one")
	require.Equal(t, []string{there, outputs[0].URN, outputs[4].URN}, s.subscriptions(t))
	require.Equal(t, "from the book", s.listed(t, outputs[0].URN).Remark)

	outputs, err = subscribe(s.topic(t, "without-subscriptions"), anna)
	require.NoError(t, err)
	require.True(t, outputs[0].Created)

	_, err = s.anyone.ConfirmSubscription(s.anyone.ctx, smn.ConfirmSubscriptionInput{Token: e.next(t, wire.TypeConfirmation).token(t)})
	require.NoError(t, err)
	_, err = o.Publish(o.ctx, smn.PublishInput{TopicURN: topic, Message: "hello"})
	require.NoError(t, err)
	require.Equal(t, "ops", e.next(t, wire.TypeNotification).header.Get("X-Team"), "the extension comes along")

	require.NoError(t, o.DeleteSubscriptionUser(o.ctx, smn.SubscriptionUserInput{UserID: anna}))
	require.Len(t, s.subscriptions(t), 4, "subscriptions stay when their user goes")

	_, err = subscribe(topic)
	requireCode(t, smn.InvalidUser, err)
	ids := make([]string, smn.MaxBatch+1)
	for i := range ids {
		ids[i] = hooked // is confirmed, so nobody is asked again
	}
	_, err = subscribe(topic, ids...)
	requireCode(t, smn.InvalidUser, err)
	for _, most := range [][]string{ids[2:], ids[1:]} {
		_, err = subscribe(topic, most...)
		require.NoError(t, err)
	}
	_, err = subscribe(s.urn(Owner.Project, "missing"), bert)
	requireCode(t, smn.TopicNotFound, err)
	_, err = subscribe("x", bert)
	requireCode(t, smn.InvalidTopicURN, err)

	x := s.stranger
	mine := must(x.CreateTopic(x.ctx, smn.CreateTopicInput{Name: "mine"})).URN
	outputs, err = x.SubscribeUsers(x.ctx, smn.SubscribeUsersInput{TopicURN: mine, UserIDs: []string{bert}})
	require.NoError(t, err)
	requireCode(t, smn.InvalidUser, outputs[0].Err, "the users of another project are none")
}
