package smn

import (
	"context"
	"time"
)

// SubscriptionUsers are the address book of a project: endpoints that can be
// subscribed by their id. SMN has no call for them but SubscribeUsers.
type SubscriptionUsers interface {
	// CreateSubscriptionUser adds a user to the caller's project and returns its id.
	// Names need not differ. InternalEndpoint; TooManyResources beyond
	// MaxSubscriptionUsers.
	CreateSubscriptionUser(ctx context.Context, in CreateSubscriptionUserInput) (id string, err error)

	// ListSubscriptionUsers lists those of the caller's project, in the order in
	// which they were added.
	ListSubscriptionUsers(ctx context.Context, in ListSubscriptionUsersInput) (SubscriptionUserPage, error)

	// GetSubscriptionUser describes a user. ResourceNotFound.
	GetSubscriptionUser(ctx context.Context, in SubscriptionUserInput) (SubscriptionUser, error)

	// UpdateSubscriptionUser replaces all that a user says about itself. What was
	// subscribed before stays as it is. InternalEndpoint, ResourceNotFound.
	UpdateSubscriptionUser(ctx context.Context, in UpdateSubscriptionUserInput) error

	// DeleteSubscriptionUser removes a user; its subscriptions stay. Deleting twice
	// is ResourceNotFound the second time.
	DeleteSubscriptionUser(ctx context.Context, in SubscriptionUserInput) error

	// SubscribeUsers is SubscribeBatch for users of the caller's project. An id that
	// is not there is refused with InvalidUser.
	SubscribeUsers(ctx context.Context, in SubscribeUsersInput) ([]SubscribeOutput, error)
}

// Limits of subscription users. SMN documents none.
const (
	MaxSubscriptionUsers    = 10_000 // of a project
	MaxSubscriptionUserName = 64     // bytes of UTF-8
)

// SubscriptionUser is an endpoint in the address book of a project.
type SubscriptionUser struct {
	ID          string
	Name        string
	Protocol    Protocol
	Endpoint    string
	Remark      string
	HeaderNames []string // names of its custom headers, sorted
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// NewSubscriptionUser is what a user says about itself.
type NewSubscriptionUser struct {
	Name string `validate:"user_name" code:"InvalidParameter"` // one line of 1 to MaxSubscriptionUserName bytes
	NewSubscription
}

// CreateSubscriptionUserInput is what CreateSubscriptionUser needs.
type CreateSubscriptionUserInput struct {
	NewSubscriptionUser
}

// UpdateSubscriptionUserInput is what UpdateSubscriptionUser needs.
type UpdateSubscriptionUserInput struct {
	SubscriptionUserInput
	NewSubscriptionUser
}

// ListSubscriptionUsersInput is what ListSubscriptionUsers needs.
type ListSubscriptionUsersInput struct {
	Page
}

// SubscriptionUserPage is a part of the list of users.
type SubscriptionUserPage struct {
	Users []SubscriptionUser
	Total int // of the whole list, whatever the page
}

// SubscriptionUserInput names one user, for calls that need nothing else.
type SubscriptionUserInput struct {
	UserID string `validate:"id" code:"InvalidUser"`
}

// SubscribeUsersInput is what SubscribeUsers needs. Its ids are judged one by
// one; a bad one does not keep the others out.
type SubscribeUsersInput struct {
	TopicURN string   `validate:"topic_urn" code:"InvalidTopicURN"`
	UserIDs  []string `validate:"min=1,max=50" code:"InvalidUser"`
}
