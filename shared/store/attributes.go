package store

import (
	"context"
	"time"
)

// Attribute is a text that a topic has under a name.
type Attribute struct {
	TopicID   string
	Name      string
	Value     string // byte for byte as it was put
	CreatedAt time.Time
	UpdatedAt time.Time // both kept to the millisecond
}

// Attributes keeps the attributes of topics. They are deleted with their topic.
type Attributes interface {
	// PutAttribute adds an attribute of a topic of a project, or replaces Value and
	// UpdatedAt of the one that is there. ErrNotFound when the topic is gone, also when
	// it is another project's.
	PutAttribute(ctx context.Context, project string, a Attribute) error

	// GetAttribute finds an attribute. ErrNotFound.
	GetAttribute(ctx context.Context, topicID, name string) (Attribute, error)

	// ListAttributes gives the attributes of a topic, by name. An unknown topic has
	// none.
	ListAttributes(ctx context.Context, topicID string) ([]Attribute, error)

	// DeleteAttribute removes an attribute; one that is not there is no error.
	DeleteAttribute(ctx context.Context, topicID, name string) error

	// DeleteAttributes removes all attributes of a topic.
	DeleteAttributes(ctx context.Context, topicID string) error
}
