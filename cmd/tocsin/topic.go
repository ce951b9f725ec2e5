package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"tocsin/shared/client"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// topicCommand is what the client does with topics.
type topicCommand struct {
	Create     topicCreateCommand     `cmd:"" help:"Make a topic."`
	List       topicListCommand       `cmd:"" help:"List the topics of the project."`
	Show       topicShowCommand       `cmd:"" help:"Describe a topic and what belongs to it."`
	Update     topicUpdateCommand     `cmd:"" help:"Change a topic."`
	Delete     topicDeleteCommand     `cmd:"" help:"Remove a topic and its subscriptions."`
	Policy     topicPolicyCommand     `cmd:"" help:"Show, set and clear what others may do with a topic."`
	Tag        topicTagCommand        `cmd:"" help:"Set, remove and list the tags of a topic."`
	Statistics topicStatisticsCommand `cmd:"" help:"Count the SMS that a topic has delivered."`
}

type topicCreateCommand struct {
	connection
	output
	Name        string `arg:"" help:"Name of the topic."`
	DisplayName string `help:"Sender name of its mails." placeholder:"TEXT"`
}

// Run makes a topic and shows its URN.
func (c *topicCreateCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	out, err := svc.CreateTopic(ctx, smn.CreateTopicInput{Name: c.Name, DisplayName: c.DisplayName})
	if err != nil {
		return err
	}
	return c.told(w, "URN", "topic_urn", out.URN)
}

type topicListCommand struct {
	connection
	output
	Prefix string            `help:"Only those whose names begin so." placeholder:"TEXT"`
	Tag    map[string]string `mapsep:"none" help:"Only those with this tag; may be repeated, then with all." placeholder:"KEY=VALUE"`
}

// Run lists topics.
func (c *topicListCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	tagged, err := c.tagged(ctx, svc)
	if err != nil {
		return err
	}
	topics, err := collect(func(p smn.Page) ([]smn.Topic, error) {
		page, err := svc.ListTopics(ctx, smn.ListTopicsInput{Page: p, FuzzyName: c.Prefix})
		return page.Topics, err
	})
	if err != nil {
		return err
	}
	values, rows := []wire.Topic{}, [][]string{}
	for _, t := range topics {
		urn := t.URN.String()
		if !strings.HasPrefix(t.URN.Name, c.Prefix) || len(c.Tag) > 0 && !tagged[urn] {
			continue
		}
		values = append(values, wire.NewTopic(t))
		rows = append(rows, []string{t.URN.Name, t.DisplayName, wire.Time(t.CreatedAt), urn})
	}
	return c.table(w, values, []string{"NAME", "DISPLAY NAME", "CREATED", "URN"}, rows)
}

// tagged are the URNs of the topics with all the tags asked for. What is found by
// tags is less than a list tells, so both are needed.
func (c *topicListCommand) tagged(ctx context.Context, svc smn.Tags) (map[string]bool, error) {
	urns := map[string]bool{}
	if len(c.Tag) == 0 {
		return urns, nil
	}
	in := smn.FindResourcesInput{Type: smn.TopicResource}
	for key, value := range c.Tag {
		in.Tags = append(in.Tags, smn.TagValues{Key: key, Values: []string{value}})
	}
	for topic, err := range all(func(p smn.Page) ([]smn.TaggedResource, error) {
		in.Offset = p.Offset
		page, err := svc.FindResources(ctx, in)
		return page.Resources, err
	}) {
		if err != nil {
			return nil, err
		}
		urns[topic.TopicURN] = true
	}
	return urns, nil
}

type topicUpdateCommand struct {
	connection
	output
	topicArg
	DisplayName string `required:"" help:"Sender name of its mails; may be empty." placeholder:"TEXT"`
}

// Run changes a topic.
func (c *topicUpdateCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	urn, err := c.urn(ctx, svc)
	if err != nil {
		return err
	}
	if err := svc.UpdateTopic(ctx, smn.UpdateTopicInput{TopicURN: urn, DisplayName: &c.DisplayName}); err != nil {
		return err
	}
	return c.told(w, "Updated", "topic_urn", urn)
}

type topicDeleteCommand struct {
	connection
	output
	topicArg
}

// Run removes a topic and says which it was.
func (c *topicDeleteCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	urn, err := c.urn(ctx, svc)
	if err != nil {
		return err
	}
	if err := svc.DeleteTopic(ctx, smn.TopicInput{TopicURN: urn}); err != nil {
		return err
	}
	return c.told(w, "Deleted", "topic_urn", urn)
}

type topicShowCommand struct {
	connection
	output
	topicArg
}

// Run describes a topic. An access policy may show the topic itself to others and
// hide what belongs to it, which is then left out.
func (c *topicShowCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	t, err := c.find(ctx, svc)
	if err != nil {
		return err
	}
	urn := t.URN.String()
	attributes, err := svc.ListTopicAttributes(ctx, smn.ListTopicAttributesInput{TopicURN: urn})
	if err != nil && !hidden(err) {
		return err
	}
	tags, err := svc.ListTags(ctx, smn.ResourceInput{Resource: topicResource(t)})
	if err != nil && !hidden(err) {
		return err
	}
	subscriptions, err := collect(subscriptionsOf(ctx, svc, urn, smn.SubscriptionFilter{}))
	if err != nil && !hidden(err) {
		return err
	}
	counts := map[string]int{}
	for _, s := range subscriptions {
		counts[statusText(s.Status)]++
	}
	return c.one(w,
		struct {
			wire.Topic
			Attributes    map[string]string `json:"attributes"`
			Tags          []wire.Tag        `json:"tags"`
			Subscriptions map[string]int    `json:"subscriptions"` // by their status in words
		}{wire.NewTopic(t), wire.NewTopicAttributes(attributes), wire.NewTags(tags), counts},
		[2]string{"Name", t.URN.Name},
		[2]string{"URN", urn},
		[2]string{"Id", t.ID},
		[2]string{"Display name", t.DisplayName},
		[2]string{"Created", wire.Time(t.CreatedAt)},
		[2]string{"Updated", wire.Time(t.UpdatedAt)},
		[2]string{"Introduction", attributes.Values[smn.Introduction]},
		[2]string{"SMS signature", attributes.Values[smn.SMSSignID]},
		[2]string{"Access policy", policyText(attributes)},
		[2]string{"Tags", tagsText(tags)},
		[2]string{"Subscriptions", countsText(counts)},
	)
}

// hidden says whether an error is for calls on a topic that only its owner, or
// whom its access policy allows it, may make.
func hidden(err error) bool {
	code := smn.CodeOf(err)
	return code == smn.Forbidden || code == smn.TopicNotFound
}

// countsText is how many subscriptions have each status.
func countsText(counts map[string]int) string {
	var parts []string
	for _, status := range statusTexts {
		if n := counts[status]; n > 0 {
			parts = append(parts, fmt.Sprint(n, " ", status))
		}
	}
	return strings.Join(parts, ", ")
}
