package smn

import "context"

// KMSKeys bind topics to keys of a key service. A topic has at most one. It is
// kept and given back; nothing is encrypted with it.
type KMSKeys interface {
	// CreateKMSKey binds a topic to a key and returns the id of the binding.
	// TopicNotFound; TooManyResources when it has a key already.
	CreateKMSKey(ctx context.Context, in CreateKMSKeyInput) (id string, err error)

	// GetKMSKey tells the key of a topic. TopicNotFound, ResourceNotFound.
	GetKMSKey(ctx context.Context, in TopicInput) (KMSKey, error)

	// UpdateKMSKey binds to another key. TopicNotFound, ResourceNotFound.
	UpdateKMSKey(ctx context.Context, in UpdateKMSKeyInput) error

	// DeleteKMSKey ends the binding. TopicNotFound; ResourceNotFound, also the second
	// time.
	DeleteKMSKey(ctx context.Context, in AttachmentInput) error
}

// KMSKeyStatus is how a key stands.
type KMSKeyStatus string

// KMSKeyEnabled is the status of every key here: nobody else's key service is
// asked.
const KMSKeyEnabled KMSKeyStatus = "ENABLED"

// KMSKey is the key of a key service that a topic is bound to.
type KMSKey struct {
	ID     string // of the binding
	KeyID  string
	Status KMSKeyStatus
}

// CreateKMSKeyInput is what CreateKMSKey needs.
type CreateKMSKeyInput struct {
	TopicURN string `validate:"topic_urn" code:"InvalidTopicURN"`
	KeyID    string `validate:"foreign_id" code:"InvalidParameter"`
}

// UpdateKMSKeyInput is what UpdateKMSKey needs.
type UpdateKMSKeyInput struct {
	AttachmentInput
	KeyID string `validate:"foreign_id" code:"InvalidParameter"`
}
