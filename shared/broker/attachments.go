package broker

import (
	"context"
	"fmt"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// The kinds of document that are attached to a topic, beside store.DetectionKind.
const (
	logtankKind      = "logtank"
	notifyPolicyKind = "notify-policy"
	kmsKeyKind       = "kms-key"
)

// enterTopic is how the calls begin that only the owner of a topic may make.
func (b *Broker) enterTopic(ctx context.Context, in any, urn string) (store.Topic, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return store.Topic{}, err
	}
	return b.ownTopic(ctx, caller, urn)
}

// attach keeps something of a topic and returns its id. A topic has at most limit
// of a kind.
func (b *Broker) attach(ctx context.Context, topic store.Topic, kind string, limit int, body any) (string, error) {
	to := store.TagKey{Project: topic.Project, Kind: store.TopicKind, ID: topic.ID}
	d, err := b.attachDocument(ctx, to, kind, "", limit, body)
	return d.ID, orMissing(err, smn.Errorf(smn.TopicNotFound, "topic %s does not exist", b.topicURN(topic)))
}

// attached reads one thing of a topic.
func attached[T any](ctx context.Context, b *Broker, topic store.Topic, kind, id string) (T, error) {
	_, body, err := getDocument[T](ctx, b, attachmentKey(topic, kind, id))
	return body, orMissing(err, notAttached(kind))
}

// theOne reads the one thing of a kind that a topic can have.
func theOne[T any](ctx context.Context, b *Broker, topic store.Topic, kind string) (id string, body T, err error) {
	page, err := b.Store.ListDocuments(ctx, store.DocumentQuery{Owner: topic.ID, Kind: kind, Limit: 1})
	if err != nil {
		return "", body, fmt.Errorf("list %s: %w", kind, err)
	}
	if len(page.Documents) == 0 {
		return "", body, notAttached(kind)
	}
	body, err = bodyOf[T](page.Documents[0])
	return page.Documents[0].ID, body, err
}

// replace gives something of a topic another body.
func replace[T any](ctx context.Context, b *Broker, topic store.Topic, kind, id string, body T) (store.Document, error) {
	d, err := updateDocument(ctx, b, attachmentKey(topic, kind, id), func(kept *T) { *kept = body })
	return d, orMissing(err, notAttached(kind))
}

// detach removes something of a topic.
func (b *Broker) detach(ctx context.Context, in smn.AttachmentInput, kind string) error {
	topic, err := b.enterTopic(ctx, in, in.TopicURN)
	if err != nil {
		return err
	}
	return orMissing(b.deleteDocument(ctx, attachmentKey(topic, kind, in.ID)), notAttached(kind))
}

func attachmentKey(topic store.Topic, kind, id string) store.DocumentKey {
	return store.DocumentKey{Owner: topic.ID, Kind: kind, ID: id}
}

func notAttached(kind string) error {
	return smn.Errorf(smn.ResourceNotFound, "the topic has no such %s", kind)
}
