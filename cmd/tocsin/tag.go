package main

import (
	"context"
	"io"
	"maps"
	"slices"
	"strings"

	"tocsin/shared/client"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// topicTagCommand is what the client does with the tags of topics.
type topicTagCommand struct {
	Set    topicTagSetCommand    `cmd:"" help:"Set tags; the others stay."`
	Remove topicTagRemoveCommand `cmd:"" help:"Remove tags."`
	List   topicTagListCommand   `cmd:"" help:"List the tags of a topic."`
}

// topicResource names a topic for calls on its tags.
func topicResource(t smn.Topic) smn.Resource {
	return smn.Resource{Type: smn.TopicResource, ID: t.ID}
}

type topicTagSetCommand struct {
	connection
	output
	topicArg
	Tags map[string]string `arg:"" help:"Tags as KEY=VALUE; the value may be empty."`
}

// Run sets tags and shows them all.
func (c *topicTagSetCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	t, err := c.find(ctx, svc)
	if err != nil {
		return err
	}
	in := smn.SetTagsInput{Resource: topicResource(t)}
	for _, key := range slices.Sorted(maps.Keys(c.Tags)) {
		in.Tags = append(in.Tags, smn.Tag{Key: key, Value: c.Tags[key]})
	}
	if err := svc.SetTags(ctx, in); err != nil {
		return err
	}
	return c.tags(ctx, svc, w, t)
}

type topicTagRemoveCommand struct {
	connection
	output
	topicArg
	Keys []string `arg:"" help:"Keys of the tags."`
}

// Run removes tags and shows those that are left.
func (c *topicTagRemoveCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	t, err := c.find(ctx, svc)
	if err != nil {
		return err
	}
	if err := svc.RemoveTags(ctx, smn.RemoveTagsInput{Resource: topicResource(t), Keys: c.Keys}); err != nil {
		return err
	}
	return c.tags(ctx, svc, w, t)
}

type topicTagListCommand struct {
	connection
	output
	topicArg
}

// Run lists tags.
func (c *topicTagListCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	t, err := c.find(ctx, svc)
	if err != nil {
		return err
	}
	return c.tags(ctx, svc, w, t)
}

// tags shows the tags of a topic.
func (o output) tags(ctx context.Context, svc smn.Tags, w io.Writer, t smn.Topic) error {
	tags, err := svc.ListTags(ctx, smn.ResourceInput{Resource: topicResource(t)})
	if err != nil {
		return err
	}
	rows := make([][]string, len(tags))
	for i, tag := range tags {
		rows[i] = []string{tag.Key, tag.Value}
	}
	return o.table(w, wire.NewTags(tags), []string{"KEY", "VALUE"}, rows)
}

// tagsText is tags in one line.
func tagsText(tags []smn.Tag) string {
	texts := make([]string, len(tags))
	for i, t := range tags {
		texts[i] = t.Key + "=" + t.Value
	}
	return strings.Join(texts, ", ")
}
