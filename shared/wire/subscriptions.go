package wire

import (
	"reflect"

	"tocsin/shared/smn"
)

// NewSubscription is one subscription to add.
type NewSubscription struct {
	Protocol  string     `json:"protocol" code:"InvalidProtocol"`
	Endpoint  string     `json:"endpoint" code:"InvalidEndpoint"`
	Remark    string     `json:"remark,omitempty" code:"InvalidRemark"`
	Extension *Extension `json:"extension,omitempty" code:"InvalidSubscription"`
}

// Extension is what a protocol needs beside the endpoint.
type Extension struct {
	Header       map[string]string `json:"header,omitempty"`
	ClientID     string            `json:"client_id,omitempty"`
	ClientSecret string            `json:"client_secret,omitempty"`
	Keyword      string            `json:"keyword,omitempty"`
	SignSecret   string            `json:"sign_secret,omitempty"`
	Retry        *RetryPolicy      `json:"retry,omitempty"` // when failed deliveries are tried again; beyond SMN
}

// RetryPolicy is when failed deliveries to an endpoint are tried again.
type RetryPolicy struct {
	Delays []int `json:"delays"` // seconds after the first, the second, … failed attempt; [] for no other attempt
}

// SubscribeRequest is the body of Subscribe: one subscription at the top level,
// or several in Subscriptions. SDKs send the top-level fields in both cases, so
// they count only when the list is empty.
type SubscribeRequest struct {
	NewSubscription
	Subscriptions []NewSubscription `json:"subscriptions,omitempty" code:"InvalidSubscription"`
}

// SubscribeBatchRequest is the body of a batch as our client sends it.
type SubscribeBatchRequest struct {
	Subscriptions []NewSubscription `json:"subscriptions"`
}

// SubscribeResponse answers it, and UpdateSubscription. A batch has Results, and
// the URN of its first subscription at the top level; of cancelled ones it has
// Results alone.
type SubscribeResponse struct {
	RequestID       string            `json:"request_id"`
	SubscriptionURN string            `json:"subscription_urn,omitempty"`
	Results         []SubscribeResult `json:"subscriptions_result,omitempty"`
}

// SubscribeResult is what became of one item of a batch.
type SubscribeResult struct {
	RequestID       string `json:"request_id"`
	HTTPCode        int    `json:"http_code"` // 201 new, 200 there already or cancelled, else refused
	SubscriptionURN string `json:"subscription_urn,omitempty"`
	Code            string `json:"code,omitempty"`
	Message         string `json:"message,omitempty"`
	Detail          string `json:"detail,omitempty"`
}

// Subscription is a subscription in a list.
type Subscription struct {
	TopicURN        string `json:"topic_urn"`
	SubscriptionURN string `json:"subscription_urn"`
	Protocol        string `json:"protocol"`
	Endpoint        string `json:"endpoint"`
	Owner           string `json:"owner"` // id of the project that owns the topic
	Remark          string `json:"remark"`
	Status          int    `json:"status"`

	FilterPolices []FilterPolicy `json:"filter_polices,omitempty"`
}

// GetSubscriptionResponse answers GetSubscription: a flat object.
type GetSubscriptionResponse struct {
	RequestID string `json:"request_id"`
	Subscription
	SubscriptionCondition
	CreateTime string `json:"create_time"`
}

// SubscriptionCondition is what is told about a subscription beyond SMN.
type SubscriptionCondition struct {
	HeaderNames []string     `json:"header_names,omitempty"`
	Retry       *RetryPolicy `json:"retry,omitempty"`  // when failed deliveries are tried again, if not as to all others
	Health      *Health      `json:"health,omitempty"` // how the endpoint fares; only while it is in trouble
}

// Health is how an endpoint in trouble fares.
type Health struct {
	State       string `json:"state"`                  // failing: it is tried; parked: nothing is sent to it for a while
	Failures    int    `json:"failures"`               // attempts that failed, without one that succeeded in between
	Since       string `json:"since"`                  // when the first of them failed
	ParkedUntil string `json:"parked_until,omitempty"` // nothing is sent before; only when it is parked
	Status      int    `json:"status"`                 // of the last attempt, such as 503; 0 when there was no answer
	Reason      string `json:"reason"`                 // why the last attempt failed, for people
}

// The states of an endpoint in trouble.
const (
	StateFailing = "failing" // it is tried
	StateParked  = "parked"  // nothing is sent to it for a while
)

// UpdateSubscriptionRequest is the body of UpdateSubscription.
type UpdateSubscriptionRequest struct {
	Remark *string `json:"remark" code:"InvalidRemark"` // mandatory; may be empty
}

// CancelSubscriptionsRequest is the body of CancelSubscriptions.
type CancelSubscriptionsRequest struct {
	SubscriptionURNs []CancelledSubscription `json:"subscription_urns" code:"InvalidSubscription"`
}

// CancelledSubscription is one subscription to cancel.
type CancelledSubscription struct {
	SubscriptionURN string `json:"subscription_urn" code:"InvalidSubscriptionURN"`
}

// ListSubscriptionsResponse answers both lists.
type ListSubscriptionsResponse struct {
	RequestID         string         `json:"request_id"`
	SubscriptionCount int            `json:"subscription_count"` // of the whole list
	Subscriptions     []Subscription `json:"subscriptions"`      // never null
}

// ConfirmResponse answers a confirmation link.
type ConfirmResponse struct {
	RequestID       string `json:"request_id"`
	SubscriptionURN string `json:"subscription_urn"`
}

// UnsubscribeResponse answers an unsubscription link.
type UnsubscribeResponse struct {
	Message string `json:"message"`
}

// NewSubscriptionListed spells a subscription in a list.
func NewSubscriptionListed(s smn.Subscription) Subscription {
	return Subscription{
		TopicURN:        s.URN.Topic.String(),
		SubscriptionURN: s.URN.String(),
		Protocol:        string(s.Protocol),
		Endpoint:        s.Endpoint,
		Owner:           s.URN.Topic.Project,
		Remark:          s.Remark,
		Status:          int(s.Status),
		FilterPolices:   newFilterPolices(s.Filters),
	}
}

// Subscription reads what NewSubscriptionListed spelt.
func (s Subscription) Subscription() (smn.Subscription, error) {
	urn, err := smn.ParseSubscriptionURN(s.SubscriptionURN)
	if err != nil {
		return smn.Subscription{}, err
	}
	return smn.Subscription{
		URN:      urn,
		Protocol: smn.Protocol(s.Protocol),
		Endpoint: s.Endpoint,
		Remark:   s.Remark,
		Status:   smn.Status(s.Status),
		Filters:  filterPolicies(s.FilterPolices),
	}, nil
}

// NewGetSubscriptionResponse spells all that is told about a subscription.
func NewGetSubscriptionResponse(requestID string, d smn.SubscriptionDetail) GetSubscriptionResponse {
	return GetSubscriptionResponse{
		RequestID:             requestID,
		Subscription:          NewSubscriptionListed(d.Subscription),
		SubscriptionCondition: NewSubscriptionCondition(d),
		CreateTime:            Time(d.CreatedAt),
	}
}

// NewSubscriptionCondition spells a part of it.
func NewSubscriptionCondition(d smn.SubscriptionDetail) SubscriptionCondition {
	return SubscriptionCondition{HeaderNames: d.HeaderNames, Retry: newRetryPolicy(d.Retry), Health: newHealth(d.Health)}
}

func newRetryPolicy(p *smn.RetryPolicy) *RetryPolicy {
	if p == nil {
		return nil
	}
	return &RetryPolicy{Delays: p.Delays}
}

func (p *RetryPolicy) policy() *smn.RetryPolicy {
	if p == nil {
		return nil
	}
	return &smn.RetryPolicy{Delays: p.Delays}
}

func newHealth(h *smn.Health) *Health {
	if h == nil {
		return nil
	}
	spelt := &Health{State: StateFailing, Failures: h.Failures, Since: Time(h.Since), Status: h.Status, Reason: h.Reason}
	if !h.ParkedUntil.IsZero() {
		spelt.State, spelt.ParkedUntil = StateParked, Time(h.ParkedUntil)
	}
	return spelt
}

func (h *Health) health() (read *smn.Health, err error) {
	if h == nil {
		return nil, nil
	}
	read = &smn.Health{Failures: h.Failures, Status: h.Status, Reason: h.Reason}
	if read.Since, err = ParseTime(h.Since); err == nil && h.ParkedUntil != "" {
		read.ParkedUntil, err = ParseTime(h.ParkedUntil)
	}
	return read, err
}

// Detail reads what NewGetSubscriptionResponse spelt.
func (r GetSubscriptionResponse) Detail() (smn.SubscriptionDetail, error) {
	s, err := r.Subscription.Subscription()
	if err != nil {
		return smn.SubscriptionDetail{}, err
	}
	at, err := ParseTime(r.CreateTime)
	if err != nil {
		return smn.SubscriptionDetail{}, err
	}
	health, err := r.Health.health()
	return smn.SubscriptionDetail{
		Subscription: s, HeaderNames: r.HeaderNames, Retry: r.Retry.policy(), Health: health, CreatedAt: at,
	}, err
}

// NewSubscriptionOf spells a subscription to add.
func NewSubscriptionOf(s smn.NewSubscription) NewSubscription {
	w := NewSubscription{Protocol: string(s.Protocol), Endpoint: s.Endpoint, Remark: s.Remark}
	e := Extension{
		Header:       s.Extension.Header,
		ClientID:     s.Extension.ClientID,
		ClientSecret: s.Extension.ClientSecret,
		Keyword:      s.Extension.Keyword,
		SignSecret:   s.Extension.SignSecret,
		Retry:        newRetryPolicy(s.Extension.Retry),
	}
	if !reflect.ValueOf(e).IsZero() {
		w.Extension = &e
	}
	return w
}

// Subscription reads a subscription to add.
func (s NewSubscription) Subscription() smn.NewSubscription {
	n := smn.NewSubscription{Protocol: smn.Protocol(s.Protocol), Endpoint: s.Endpoint, Remark: s.Remark}
	if s.Extension != nil {
		n.Extension = smn.Extension{
			Header:       s.Extension.Header,
			ClientID:     s.Extension.ClientID,
			ClientSecret: s.Extension.ClientSecret,
			Keyword:      s.Extension.Keyword,
			SignSecret:   s.Extension.SignSecret,
			Retry:        s.Extension.Retry.policy(),
		}
	}
	return n
}
