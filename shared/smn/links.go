package smn

import "context"

// Links are what endpoints follow. Anonymous may: the link itself is the proof.
type Links interface {
	// ConfirmSubscription makes the subscription that a confirmation's token
	// belongs to Confirmed and returns its URN. Confirming twice is harmless. A
	// token that is forged, older than ConfirmWithin, of another topic or
	// endpoint, or older than a later unsubscription is InvalidToken.
	// SubscriptionNotFound when the subscription is gone.
	ConfirmSubscription(ctx context.Context, in ConfirmSubscriptionInput) (SubscriptionURN, error)

	// Unsubscribe makes a subscription that is confirmed, or that was made with a name
	// and so is not asked about, Cancelled and tells its endpoint,
	// with a link that subscribes it again within ConfirmWithin. Unsubscribing
	// twice is harmless. SubscriptionNotFound when it is gone.
	Unsubscribe(ctx context.Context, in SubscriptionInput) error
}

// ConfirmSubscriptionInput is what the link in a confirmation carries.
type ConfirmSubscriptionInput struct {
	Token    string `validate:"required" code:"InvalidToken"`
	TopicURN string `validate:"omitempty,topic_urn" code:"InvalidTopicURN"` // optional; must be the token's topic
	Endpoint string // optional; must be the token's endpoint
}
