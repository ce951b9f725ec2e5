package main

import (
	"context"
	"io"

	"tocsin/shared/client"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// topicCommand is what the client does with topics.
type topicCommand struct {
	Create topicCreateCommand `cmd:"" help:"Make a topic."`
	List   topicListCommand   `cmd:"" help:"List the topics of the project."`
	Show   topicShowCommand   `cmd:"" help:"Describe a topic."`
	Delete topicDeleteCommand `cmd:"" help:"Remove a topic and its subscriptions."`
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
	return c.one(w, wire.CreateTopicResponse{TopicURN: out.URN}, [2]string{"URN", out.URN})
}

type topicListCommand struct {
	connection
	output
	Prefix string `help:"Only those whose names begin so." placeholder:"TEXT"`
}

// Run lists topics.
func (c *topicListCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	topics, err := collect(func(p smn.Page) ([]smn.Topic, error) {
		page, err := svc.ListTopics(ctx, smn.ListTopicsInput{Page: p, FuzzyName: c.Prefix})
		return page.Topics, err
	})
	if err != nil {
		return err
	}
	values, rows := make([]wire.Topic, len(topics)), make([][]string, len(topics))
	for i, t := range topics {
		values[i] = wire.NewTopic(t)
		rows[i] = []string{t.URN.Name, t.DisplayName, wire.Time(t.CreatedAt), t.URN.String()}
	}
	return c.table(w, values, []string{"NAME", "DISPLAY NAME", "CREATED", "URN"}, rows)
}

type topicShowCommand struct {
	connection
	output
	Topic string `arg:"" help:"Name or URN."`
}

// Run describes a topic.
func (c *topicShowCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	urn, err := topicURN(ctx, svc, c.Topic)
	if err != nil {
		return err
	}
	t, err := svc.GetTopic(ctx, smn.TopicInput{TopicURN: urn})
	if err != nil {
		return err
	}
	return c.one(w, wire.NewTopic(t),
		[2]string{"Name", t.URN.Name},
		[2]string{"URN", t.URN.String()},
		[2]string{"Id", t.ID},
		[2]string{"Display name", t.DisplayName},
		[2]string{"Created", wire.Time(t.CreatedAt)},
		[2]string{"Updated", wire.Time(t.UpdatedAt)},
	)
}

type topicDeleteCommand struct {
	connection
	Topic string `arg:"" help:"Name or URN."`
}

// Run removes a topic.
func (c *topicDeleteCommand) Run(ctx context.Context, svc *client.Client) error {
	urn, err := topicURN(ctx, svc, c.Topic)
	if err != nil {
		return err
	}
	return svc.DeleteTopic(ctx, smn.TopicInput{TopicURN: urn})
}
