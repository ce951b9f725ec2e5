package store

import (
	"context"
	"time"
)

// DocumentKey finds a document.
type DocumentKey struct {
	Owner string // id of the project, topic or document that it belongs to
	Kind  string // what it is: logtank, application
	ID    string // unique in its owner and kind
}

// Document is a small thing of a project or a topic that is kept and given back,
// and that nothing else in the store refers to.
type Document struct {
	DocumentKey
	Name      string // if not empty, unique in its owner and kind
	Version   int    // changes so far, filled by the store; 0 when new
	CreatedAt time.Time
	UpdatedAt time.Time // both kept to the millisecond
	Body      []byte    // JSON, of its kind's own form
}

// DocumentQuery asks for a part of an owner's documents of a kind.
type DocumentQuery struct {
	Owner  string
	Kind   string
	Offset int
	Limit  int // at least 1
}

// DocumentPage is a part of them.
type DocumentPage struct {
	Documents []Document
	Total     int
}

// DetectionKind is the kind of document that holds a smn.Detection. Its Version is
// 0 until the detection has run. The broker makes it, the worker changes it.
const DetectionKind = "detection"

// Documents keeps documents. Those that are attached are deleted with what they are
// attached to.
type Documents interface {
	// CreateDocument stores a document. ErrConflict when its owner has one of the
	// same kind and ID, or Name, already; ErrLimit when it has limit of that kind.
	CreateDocument(ctx context.Context, d Document, limit int) error

	// AttachDocument does the same for a document of a topic, or of another document
	// that belongs to a project. ErrNotFound when that is gone. The owner in d is to.ID.
	AttachDocument(ctx context.Context, to TagKey, d Document, limit int) error

	// GetDocument finds a document. ErrNotFound.
	GetDocument(ctx context.Context, key DocumentKey) (Document, error)

	// FindDocument finds the document of a name. ErrNotFound.
	FindDocument(ctx context.Context, owner, kind, name string) (Document, error)

	// ListDocuments lists documents by ID, ascending. An unknown owner has none.
	ListDocuments(ctx context.Context, q DocumentQuery) (DocumentPage, error)

	// UpdateDocument replaces Name, Body and UpdatedAt of the document that is at
	// d.Version and adds one to the version. ErrConflict when it is at another
	// version, or the name is another's; ErrNotFound when it is gone.
	UpdateDocument(ctx context.Context, d Document) error

	// DeleteDocument removes a document and those that it owns. ErrNotFound.
	DeleteDocument(ctx context.Context, key DocumentKey) error
}
