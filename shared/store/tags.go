package store

import (
	"context"

	"tocsin/shared/smn"
)

// TopicKind is the kind of a TagKey that names a topic.
const TopicKind = "topic"

// TagKey finds the thing that tags are on: a topic, or a document that belongs to
// the project.
type TagKey struct {
	Project string
	Kind    string // TopicKind, or the kind of the document
	ID      string // of the topic or document
}

// Tagged is a thing with tags.
type Tagged struct {
	ID   string
	Tags []smn.Tag // by key, compared byte by byte; never empty
}

// Tags keeps tags. They are deleted with the thing they are on.
type Tags interface {
	// PutTags puts tags on a thing, all or none; one of the same key is overwritten.
	// The keys must differ. ErrLimit when it would have more than limit then, unless
	// all were there before; ErrNotFound when the thing is gone.
	PutTags(ctx context.Context, key TagKey, tags []smn.Tag, limit int) error

	// DeleteTags takes tags off a thing and tells how many it had of them.
	DeleteTags(ctx context.Context, key TagKey, keys ...string) (deleted int, err error)

	// ListTags lists the tags of a thing by key, compared byte by byte. What is
	// unknown has none.
	ListTags(ctx context.Context, key TagKey) ([]smn.Tag, error)

	// ListTagged lists the things of a kind in a project that have tags, by ID,
	// ascending.
	ListTagged(ctx context.Context, project, kind string) ([]Tagged, error)
}
