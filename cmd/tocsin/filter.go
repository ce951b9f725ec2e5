package main

import (
	"context"
	"io"
	"strings"

	"tocsin/shared/client"
	"tocsin/shared/smn"
)

// subscriptionFilterCommand is what the client does with filter policies.
type subscriptionFilterCommand struct {
	Set   subscriptionFilterSetCommand   `cmd:"" help:"Receive only messages with these attributes; replaces what was set before."`
	Clear subscriptionFilterClearCommand `cmd:"" help:"Receive every message."`
}

type subscriptionFilterSetCommand struct {
	connection
	output
	subscriptionArg
	Filters []named `arg:"" help:"Attributes as NAME=VALUE,VALUE: each must have one of its values."`
}

// Run replaces the filter policies.
func (c *subscriptionFilterSetCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	item := smn.SubscriptionPolicies{SubscriptionURN: c.Subscription}
	for _, f := range c.Filters {
		item.Policies = append(item.Policies, smn.FilterPolicy{Name: f.name, StringEquals: f.values})
	}
	errs, err := svc.UpdateFilterPolicies(ctx, smn.FilterPoliciesInput{Items: []smn.SubscriptionPolicies{item}})
	if err := firstError(errs, err); err != nil {
		return err
	}
	return c.told(w, "Filter set for", "subscription_urn", c.Subscription)
}

type subscriptionFilterClearCommand struct {
	connection
	output
	subscriptionArg
}

// Run takes all filter policies away.
func (c *subscriptionFilterClearCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	errs, err := svc.DeleteFilterPolicies(ctx, smn.DeleteFilterPoliciesInput{SubscriptionURNs: []string{c.Subscription}})
	if err := firstError(errs, err); err != nil {
		return err
	}
	return c.told(w, "Filter cleared for", "subscription_urn", c.Subscription)
}

// firstError is what went wrong with the only item of a batch.
func firstError(items []error, err error) error {
	if err == nil && len(items) > 0 {
		return items[0]
	}
	return err
}

// filterText is filter policies in one line, as filter set takes them.
func filterText(policies []smn.FilterPolicy) string {
	texts := make([]string, len(policies))
	for i, p := range policies {
		texts[i] = p.Name + "=" + strings.Join(p.StringEquals, ",")
	}
	return strings.Join(texts, " ")
}
