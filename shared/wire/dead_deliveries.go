package wire

import (
	"errors"

	"tocsin/shared/smn"
)

// ListDeadDeliveriesResponse answers ListDeadDeliveries.
type ListDeadDeliveriesResponse struct {
	RequestID      string         `json:"request_id"`
	DeadDeliveries []DeadDelivery `json:"dead_deliveries"` // never null
}

// DeadDelivery is a delivery that was given up: a flat object.
type DeadDelivery struct {
	PublishedMessage
	DeliveryFailure
}

// NewDeadDelivery spells a dead delivery.
func NewDeadDelivery(d smn.DeadDelivery) DeadDelivery {
	return DeadDelivery{PublishedMessage: NewPublishedMessage(d.Message), DeliveryFailure: NewDeliveryFailure(d.DeliveryFailure)}
}

// Delivery reads what NewDeadDelivery spelt.
func (d DeadDelivery) Delivery() (smn.DeadDelivery, error) {
	message, err := d.Message()
	failure, err2 := d.Failure()
	return smn.DeadDelivery{Message: message, DeliveryFailure: failure}, errors.Join(err, err2)
}

// RedeliverRequest is the body of Redeliver.
type RedeliverRequest struct {
	MessageID       string `json:"message_id,omitempty" code:"InvalidMessageID"`             // only those of this message
	SubscriptionURN string `json:"subscription_urn,omitempty" code:"InvalidSubscriptionURN"` // only those to this subscription
	Marker          string `json:"marker,omitempty" code:"InvalidPage"`                      // that of the call before, to go on behind it
}

// RedeliverResponse answers it.
type RedeliverResponse struct {
	RequestID   string `json:"request_id"`
	Redelivered int    `json:"redelivered"`      // how many are attempted again
	Marker      string `json:"marker,omitempty"` // for the next call; without one there is nothing left
}

// NewRedeliverRequest spells what is to be redelivered.
func NewRedeliverRequest(f smn.DeadFilter) RedeliverRequest { return RedeliverRequest(f) }

// Filter reads what NewRedeliverRequest spelt.
func (r RedeliverRequest) Filter() smn.DeadFilter { return smn.DeadFilter(r) }
