package main

import (
	"context"
	"io"
	"strconv"

	"tocsin/shared/client"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// subscriptionCommand is what the client does with subscriptions.
type subscriptionCommand struct {
	Add    subscriptionAddCommand    `cmd:"" help:"Subscribe an endpoint to a topic; it gets a link to confirm."`
	List   subscriptionListCommand   `cmd:"" help:"List the subscriptions of a topic, or of the project."`
	Cancel subscriptionCancelCommand `cmd:"" help:"Remove a subscription."`
}

type subscriptionAddCommand struct {
	connection
	output
	Topic    string            `arg:"" help:"Name or URN."`
	Protocol string            `arg:"" help:"http, https, email, sms, …"`
	Endpoint string            `arg:"" help:"URL, mail address, phone number, …"`
	Remark   string            `help:"A note of at most 128 bytes." placeholder:"TEXT"`
	Header   map[string]string `help:"Sent with each message to an http or https endpoint; may be repeated." placeholder:"X-NAME=VALUE"`
}

// Run subscribes.
func (c *subscriptionAddCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	topic, err := topicURN(ctx, svc, c.Topic)
	if err != nil {
		return err
	}
	out, err := svc.Subscribe(ctx, smn.SubscribeInput{TopicURN: topic, NewSubscription: smn.NewSubscription{
		Protocol: smn.Protocol(c.Protocol), Endpoint: c.Endpoint, Remark: c.Remark, Extension: smn.Extension{Header: c.Header},
	}})
	if err != nil {
		return err
	}
	return c.one(w, wire.SubscribeResponse{SubscriptionURN: out.URN}, [2]string{"URN", out.URN})
}

type subscriptionListCommand struct {
	connection
	output
	Topic string `arg:"" optional:"" help:"Name or URN; all of the project unless given."`
}

// Run lists subscriptions.
func (c *subscriptionListCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	list := svc.ListSubscriptions
	if c.Topic != "" {
		topic, err := topicURN(ctx, svc, c.Topic)
		if err != nil {
			return err
		}
		list = func(ctx context.Context, in smn.ListSubscriptionsInput) (smn.SubscriptionPage, error) {
			return svc.ListSubscriptionsByTopic(ctx, smn.ListSubscriptionsByTopicInput{TopicURN: topic, ListSubscriptionsInput: in})
		}
	}
	subscriptions, err := collect(func(p smn.Page) ([]smn.Subscription, error) {
		page, err := list(ctx, smn.ListSubscriptionsInput{Page: p})
		return page.Subscriptions, err
	})
	if err != nil {
		return err
	}
	values, rows := make([]wire.Subscription, len(subscriptions)), make([][]string, len(subscriptions))
	for i, s := range subscriptions {
		values[i] = wire.NewSubscriptionListed(s)
		rows[i] = []string{string(s.Protocol), s.Endpoint, statusText(s.Status), s.Remark, s.URN.String()}
	}
	return c.table(w, values, []string{"PROTOCOL", "ENDPOINT", "STATUS", "REMARK", "URN"}, rows)
}

// statusText is a status in words.
func statusText(s smn.Status) string {
	switch s {
	case smn.Unconfirmed:
		return "unconfirmed"
	case smn.Confirmed, smn.Exempt:
		return "confirmed"
	case smn.Cancelled:
		return "cancelled"
	}
	return strconv.Itoa(int(s))
}

type subscriptionCancelCommand struct {
	connection
	Subscription string `arg:"" help:"URN."`
}

// Run removes a subscription.
func (c *subscriptionCancelCommand) Run(ctx context.Context, svc *client.Client) error {
	return svc.CancelSubscription(ctx, smn.SubscriptionInput{SubscriptionURN: c.Subscription})
}
