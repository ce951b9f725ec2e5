package smn

import (
	"context"
	"time"
)

// DeadDeliveries are the deliveries that were given up. They are kept for
// KeepDead, or for as long as their message is. Only the project that owns a topic
// may see and revive them. SMN has no such calls.
type DeadDeliveries interface {
	// ListDeadDeliveries lists those of a topic, by message, newest first.
	// TopicNotFound.
	ListDeadDeliveries(ctx context.Context, in ListDeadDeliveriesInput) ([]DeadDelivery, error)

	// Redeliver attempts dead deliveries once more, with all retries, for
	// DefaultTimeToLive from now. One call takes up to MaxRedeliver of them, in the
	// order of ListDeadDeliveries; with the marker that it answers the next one goes
	// on behind them, so that one that dies again is not met twice. A subscription
	// that no longer receives is dead again at once. TopicNotFound; ResourceNotFound
	// when a single one is named that is not dead.
	Redeliver(ctx context.Context, in RedeliverInput) (RedeliverOutput, error)
}

// Limits of dead deliveries.
const (
	KeepDead     = 14 * 24 * time.Hour
	MaxRedeliver = 1_000 // by one call
)

// DeadFilter says which dead deliveries of a topic a call is about: those for which
// all its fields hold. The zero value is all.
type DeadFilter struct {
	MessageID       string `validate:"omitempty,id" code:"InvalidMessageID"`
	SubscriptionURN string `validate:"omitempty,subscription_urn" code:"InvalidSubscriptionURN"`
	// Marker is that of the last one seen, see DeadDelivery; the list begins behind it,
	// whether or not it is still dead.
	Marker string `validate:"omitempty,dead_marker" code:"InvalidPage"`
}

// ListDeadDeliveriesInput is what ListDeadDeliveries needs.
type ListDeadDeliveriesInput struct {
	TopicURN string `validate:"topic_urn" code:"InvalidTopicURN"`
	Limit    int    `validate:"min=0,max=100" code:"InvalidPage"` // items at most; 0 means DefaultLimit
	DeadFilter
}

// DeadDelivery is a delivery that was given up.
type DeadDelivery struct {
	Message PublishedMessage
	DeliveryFailure
}

// Marker is how a list goes on behind d.
func (d DeadDelivery) Marker() string {
	return DeadMarker{MessageID: d.Message.ID, SubscriptionURN: d.SubscriptionURN}.String()
}

// DeadMarker is a place in a list of dead deliveries, written as the id of a message,
// a colon and the URN of a subscription.
type DeadMarker struct {
	MessageID       string
	SubscriptionURN SubscriptionURN
}

func (m DeadMarker) String() string { return m.MessageID + ":" + m.SubscriptionURN.String() }

// ParseDeadMarker reads what DeadMarker.String has written. InvalidPage.
func ParseDeadMarker(s string) (DeadMarker, error) {
	const idLength = 32
	if len(s) > idLength && IsID(s[:idLength]) && s[idLength] == ':' {
		if urn, err := ParseSubscriptionURN(s[idLength+1:]); err == nil {
			return DeadMarker{MessageID: s[:idLength], SubscriptionURN: urn}, nil
		}
	}
	return DeadMarker{}, Errorf(InvalidPage, "the marker of a dead delivery has the form {message_id}:{subscription_urn}")
}

// RedeliverInput is what Redeliver needs.
type RedeliverInput struct {
	TopicURN string `validate:"topic_urn" code:"InvalidTopicURN"`
	DeadFilter
}

// RedeliverOutput is what came of it.
type RedeliverOutput struct {
	Redelivered int
	Marker      string // for the next call; empty when there is nothing behind
}
