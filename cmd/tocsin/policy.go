package main

import (
	"context"
	"fmt"
	"io"

	"tocsin/shared/client"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// topicPolicyCommand is what the client does with access policies.
type topicPolicyCommand struct {
	Get   topicPolicyGetCommand   `cmd:"" help:"Print the access policy, in a form that set takes."`
	Set   topicPolicySetCommand   `cmd:"" help:"Set the access policy."`
	Clear topicPolicyClearCommand `cmd:"" help:"Take the access policy away: the topic is its project's alone."`
}

type topicPolicyGetCommand struct {
	connection
	output
	topicArg
}

// Run prints the policy as it is, or in JSON as a text with its times; nothing if
// there is none.
func (c *topicPolicyGetCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	urn, err := c.urn(ctx, svc)
	if err != nil {
		return err
	}
	attributes, err := svc.ListTopicAttributes(ctx, smn.ListTopicAttributesInput{TopicURN: urn, Name: smn.AccessPolicy})
	if err != nil {
		return err
	}
	if c.Output == "json" {
		return printJSON(w, wire.NewTopicAttributes(attributes))
	}
	if policy := attributes.Values[smn.AccessPolicy]; policy != "" {
		_, err = fmt.Fprintln(w, pretty([]byte(policy)))
	}
	return err
}

type topicPolicySetCommand struct {
	connection
	output
	topicArg
	File string `arg:"" optional:"" help:"File with the policy; the standard input if it is - or not given."`
}

// Run sets the policy.
func (c *topicPolicySetCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	urn, err := c.urn(ctx, svc)
	if err != nil {
		return err
	}
	policy, err := readText(c.File)
	if err != nil {
		return err
	}
	if policy == "" { // to the service that means to clear it
		return smn.Errorf(smn.InvalidPolicy, "the policy is empty")
	}
	if err := svc.UpdateTopicAttribute(ctx, smn.UpdateTopicAttributeInput{TopicURN: urn, Name: smn.AccessPolicy, Value: policy}); err != nil {
		return err
	}
	return c.told(w, "Policy set for", "topic_urn", urn)
}

type topicPolicyClearCommand struct {
	connection
	output
	topicArg
}

// Run takes the policy away.
func (c *topicPolicyClearCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	urn, err := c.urn(ctx, svc)
	if err != nil {
		return err
	}
	if err := svc.DeleteTopicAttribute(ctx, smn.TopicAttributeInput{TopicURN: urn, Name: smn.AccessPolicy}); err != nil {
		return err
	}
	return c.told(w, "Policy cleared for", "topic_urn", urn)
}

// policyText says whether a topic has an access policy.
func policyText(a smn.TopicAttributes) string {
	switch {
	case a.Values[smn.AccessPolicy] == "":
		return ""
	case a.PolicyUpdatedAt.IsZero(): // not every cloud tells
		return "set"
	}
	return "set " + wire.Time(a.PolicyUpdatedAt)
}
