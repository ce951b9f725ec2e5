package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"tocsin/shared/client"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// subscriptionCommand is what the client does with subscriptions.
type subscriptionCommand struct {
	Add    subscriptionAddCommand    `cmd:"" help:"Subscribe an endpoint to a topic; it gets a link to confirm."`
	List   subscriptionListCommand   `cmd:"" help:"List the subscriptions of a topic, or of the project."`
	Show   subscriptionShowCommand   `cmd:"" help:"Describe a subscription."`
	Cancel subscriptionCancelCommand `cmd:"" help:"Remove subscriptions."`
	Remark subscriptionRemarkCommand `cmd:"" help:"Give a subscription another remark."`
	Resend subscriptionResendCommand `cmd:"" help:"Send the confirmation again. Only Tocsin has this call, SMN has not: there add the endpoint again."`
	Filter subscriptionFilterCommand `cmd:"" help:"Set and clear which messages a subscription receives."`
}

// subscriptionArg is the argument of commands about one subscription.
type subscriptionArg struct {
	Subscription string `arg:"" help:"URN of the subscription."`
}

func (a subscriptionArg) input() smn.SubscriptionInput {
	return smn.SubscriptionInput{SubscriptionURN: a.Subscription}
}

type subscriptionAddCommand struct {
	connection
	output
	topicArg
	Protocol     string            `arg:"" help:"http, https, email, sms, callnotify, functionstage, functiongraph, dingding, feishu, wechat, welink; Tocsin also slack and teams."`
	Endpoint     string            `arg:"" help:"URL, mail address, phone number, or URN of a function."`
	Remark       string            `help:"A note of at most 128 bytes." placeholder:"TEXT"`
	Header       map[string]string `mapsep:"none" help:"Sent with each message to an http or https endpoint; may be repeated." placeholder:"X-NAME=VALUE"`
	Keyword      string            `help:"A word that the bot of feishu or dingding wants in each message." placeholder:"WORD"`
	SignSecret   string            `env:"TOCSIN_SIGN_SECRET" help:"Key that the bot of feishu or dingding wants messages signed with; better by environment than by flag." placeholder:"SECRET"`
	ClientID     string            `help:"Id of a welink application." placeholder:"ID"`
	ClientSecret string            `env:"TOCSIN_CLIENT_SECRET" help:"Its secret; better by environment than by flag." placeholder:"SECRET"`
	Retry        retryPolicy       `help:"Waits before failed deliveries are tried again, such as 5s,15s,45s, or none. Only Tocsin knows this." placeholder:"WAITS"`
}

// Run subscribes.
func (c *subscriptionAddCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	topic, err := c.urn(ctx, svc)
	if err != nil {
		return err
	}
	out, err := svc.Subscribe(ctx, smn.SubscribeInput{TopicURN: topic, NewSubscription: smn.NewSubscription{
		Protocol: smn.Protocol(c.Protocol), Endpoint: c.Endpoint, Remark: c.Remark,
		Extension: smn.Extension{
			Header: c.Header, Keyword: c.Keyword, SignSecret: c.SignSecret,
			ClientID: c.ClientID, ClientSecret: c.ClientSecret, Retry: c.Retry.RetryPolicy,
		},
	}})
	if err != nil {
		return err
	}
	return c.told(w, "URN", "subscription_urn", out.URN)
}

type subscriptionListCommand struct {
	connection
	output
	Topic    string `arg:"" optional:"" help:"Name or URN of the topic; all of the project unless given."`
	Status   string `enum:",unconfirmed,confirmed,cancelled" default:"" help:"Only those that are unconfirmed, confirmed or cancelled." placeholder:"STATUS"`
	Protocol string `help:"Only those of this protocol." placeholder:"PROTOCOL"`
	Address  string `help:"Only those of this endpoint; -endpoint is the service's." placeholder:"ENDPOINT"`
}

// Run lists subscriptions.
func (c *subscriptionListCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) (err error) {
	topic := ""
	if c.Topic != "" {
		if topic, err = (topicArg{c.Topic}).urn(ctx, svc); err != nil {
			return err
		}
	}
	subscriptions, err := collect(subscriptionsOf(ctx, svc, topic,
		smn.SubscriptionFilter{Protocol: smn.Protocol(c.Protocol), Endpoint: c.Address}))
	if err != nil {
		return err
	}
	values, rows := []wire.Subscription{}, [][]string{}
	for _, s := range subscriptions {
		if !c.shows(s) {
			continue
		}
		values = append(values, wire.NewSubscriptionListed(s))
		rows = append(rows, []string{string(s.Protocol), s.Endpoint, statusText(s.Status), s.Remark, s.URN.String()})
	}
	return c.table(w, values, []string{"PROTOCOL", "ENDPOINT", "STATUS", "REMARK", "URN"}, rows)
}

// shows says whether a subscription is one that was asked for. Some clouds ignore
// the filters, and in words two statuses are one.
func (c *subscriptionListCommand) shows(s smn.Subscription) bool {
	return (c.Status == "" || c.Status == statusText(s.Status)) &&
		(c.Protocol == "" || c.Protocol == string(s.Protocol)) &&
		(c.Address == "" || c.Address == s.Endpoint)
}

// subscriptionsOf reads pages of the subscriptions of a topic, or of the project
// if it is empty.
func subscriptionsOf(ctx context.Context, svc smn.Subscriptions, topic string, f smn.SubscriptionFilter) func(smn.Page) ([]smn.Subscription, error) {
	return func(p smn.Page) ([]smn.Subscription, error) {
		in := smn.ListSubscriptionsInput{Page: p, SubscriptionFilter: f}
		if topic == "" {
			page, err := svc.ListSubscriptions(ctx, in)
			return page.Subscriptions, err
		}
		page, err := svc.ListSubscriptionsByTopic(ctx, smn.ListSubscriptionsByTopicInput{TopicURN: topic, ListSubscriptionsInput: in})
		return page.Subscriptions, err
	}
}

// statusTexts are the words of statusText.
var statusTexts = []string{"confirmed", "unconfirmed", "cancelled"}

// statusText is a status in words.
func statusText(s smn.Status) string {
	switch {
	case s.Receives():
		return "confirmed"
	case s == smn.Unconfirmed:
		return "unconfirmed"
	}
	return "cancelled"
}

type subscriptionShowCommand struct {
	connection
	output
	subscriptionArg
}

// Run describes a subscription.
func (c *subscriptionShowCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	d, err := svc.GetSubscription(ctx, c.input())
	if smn.CodeOf(err) == smn.NoRoute { // SMN has no such call
		d.Subscription, err = c.find(ctx, svc)
	}
	if err != nil {
		return err
	}
	created := ""
	if !d.CreatedAt.IsZero() {
		created = wire.Time(d.CreatedAt)
	}
	return c.one(w,
		struct {
			wire.Subscription
			wire.SubscriptionCondition
			CreateTime string `json:"create_time,omitempty"`
		}{wire.NewSubscriptionListed(d.Subscription), wire.NewSubscriptionCondition(d), created},
		[2]string{"URN", d.URN.String()},
		[2]string{"Protocol", string(d.Protocol)},
		[2]string{"Endpoint", d.Endpoint},
		[2]string{"Status", statusText(d.Status)},
		[2]string{"Remark", d.Remark},
		[2]string{"Headers", strings.Join(d.HeaderNames, ", ")},
		[2]string{"Filter", filterText(d.Filters)},
		[2]string{"Retry", retryPolicy{d.Retry}.String()},
		[2]string{"Health", healthText(d.Health)},
		[2]string{"Created", created},
	)
}

// find looks for the subscription in the list of its topic, which tells less.
func (a subscriptionArg) find(ctx context.Context, svc smn.Subscriptions) (smn.Subscription, error) {
	urn, err := smn.ParseSubscriptionURN(a.Subscription)
	if err != nil {
		return smn.Subscription{}, err
	}
	for s, err := range all(subscriptionsOf(ctx, svc, urn.Topic.String(), smn.SubscriptionFilter{})) {
		if err != nil || s.URN == urn {
			return s, err
		}
	}
	return smn.Subscription{}, smn.Errorf(smn.SubscriptionNotFound, "subscription %s does not exist", urn)
}

type subscriptionCancelCommand struct {
	connection
	output
	Subscriptions []string `arg:"" help:"URNs of the subscriptions."`
}

// cancelled is what became of one subscription.
type cancelled struct {
	URN     string `json:"subscription_urn"`
	Refusal string `json:"refusal,omitempty"`
}

// Run removes subscriptions. Those that cannot be removed do not keep the others.
func (c *subscriptionCancelCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	values, rows, refused := []cancelled{}, [][]string{}, 0
	var failed error
	for urns := range slices.Chunk(c.Subscriptions, smn.MaxCancelBatch) {
		errs, err := cancel(ctx, svc, urns)
		if err != nil {
			failed = err
			break
		}
		for i, urn := range urns {
			v, result := cancelled{URN: urn}, "cancelled"
			if err := errs[i]; err != nil {
				refused++
				v.Refusal = explain(err)
				result = v.Refusal
			}
			values, rows = append(values, v), append(rows, []string{urn, result})
		}
	}
	if failed != nil && len(values) == 0 {
		return failed
	}
	if err := c.table(w, values, []string{"URN", "RESULT"}, rows); err != nil || failed != nil {
		return errors.Join(err, failed)
	}
	if refused > 0 {
		return fmt.Errorf("%d of %d subscriptions were not cancelled", refused, len(values))
	}
	return nil
}

// cancel removes subscriptions by one call. A single one does not need the call
// for many, which not every cloud has.
func cancel(ctx context.Context, svc smn.Subscriptions, urns []string) ([]error, error) {
	if len(urns) == 1 {
		return []error{nil}, svc.CancelSubscription(ctx, smn.SubscriptionInput{SubscriptionURN: urns[0]})
	}
	errs, err := svc.CancelSubscriptions(ctx, smn.CancelSubscriptionsInput{SubscriptionURNs: urns})
	if err == nil && len(errs) != len(urns) {
		err = fmt.Errorf("the service answered about %d of %d subscriptions", len(errs), len(urns))
	}
	return errs, err
}

type subscriptionRemarkCommand struct {
	connection
	output
	subscriptionArg
	Remark string `arg:"" help:"A note of at most 128 bytes; may be empty."`
}

// Run replaces the remark.
func (c *subscriptionRemarkCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	urn, err := smn.ParseSubscriptionURN(c.Subscription)
	if err != nil {
		return err
	}
	in := smn.TopicSubscriptionInput{TopicURN: urn.Topic.String(), SubscriptionURN: c.Subscription}
	if err := svc.UpdateSubscription(ctx, smn.UpdateSubscriptionInput{TopicSubscriptionInput: in, Remark: c.Remark}); err != nil {
		return err
	}
	return c.told(w, "Updated", "subscription_urn", c.Subscription)
}

type subscriptionResendCommand struct {
	connection
	output
	subscriptionArg
}

// Run sends the confirmation again.
func (c *subscriptionResendCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	err := svc.SendConfirmation(ctx, c.input())
	if smn.CodeOf(err) == smn.NoRoute {
		return errors.New("only Tocsin has a call for this: in SMN add the endpoint again")
	}
	if err != nil {
		return err
	}
	return c.told(w, "Sent again to", "subscription_urn", c.Subscription)
}
