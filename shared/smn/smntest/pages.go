package smntest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

// pages sees that every list has the same limits of a page.
func pages(t *testing.T, s *suite) {
	o, topic, application := s.owner, s.topic(t, "topic"), s.application(t, "shop").URN
	for name, list := range map[string]func(p smn.Page) error{
		"topics": func(p smn.Page) error {
			_, err := o.ListTopics(o.ctx, smn.ListTopicsInput{Page: p})
			return err
		},
		"topics with resources": func(p smn.Page) error {
			_, err := o.ListTopicsWithResources(o.ctx, smn.ListTopicsInput{Page: p})
			return err
		},
		"subscriptions": func(p smn.Page) error {
			_, err := o.ListSubscriptions(o.ctx, smn.ListSubscriptionsInput{Page: p})
			return err
		},
		"subscriptions of a topic": func(p smn.Page) error {
			_, err := o.ListSubscriptionsByTopic(o.ctx, smn.ListSubscriptionsByTopicInput{TopicURN: topic, ListSubscriptionsInput: smn.ListSubscriptionsInput{Page: p}})
			return err
		},
		"subscription users": func(p smn.Page) error {
			_, err := o.ListSubscriptionUsers(o.ctx, smn.ListSubscriptionUsersInput{Page: p})
			return err
		},
		"templates": func(p smn.Page) error {
			_, err := o.ListTemplates(o.ctx, smn.ListTemplatesInput{Page: p})
			return err
		},
		"SMS": func(p smn.Page) error {
			_, err := o.ListSMS(o.ctx, smn.ListSMSInput{Page: p})
			return err
		},
		"applications": func(p smn.Page) error {
			_, err := o.ListApplications(o.ctx, smn.ListApplicationsInput{Page: p})
			return err
		},
		"push endpoints": func(p smn.Page) error {
			_, err := o.ListPushEndpoints(o.ctx, smn.ListPushEndpointsInput{Page: p, ApplicationURN: application})
			return err
		},
	} {
		for _, p := range []smn.Page{{Offset: -1}, {Limit: -1}, {Limit: smn.DefaultLimit + 1}} {
			requireCode(t, smn.InvalidPage, list(p), "%s: %+v", name, p)
		}
		for _, p := range []smn.Page{{Limit: 1}, {Limit: smn.DefaultLimit - 1}, {Limit: smn.DefaultLimit}, {Offset: 1 << 40}} {
			require.NoError(t, list(p), "%s: %+v", name, p)
		}
	}
}
