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
	HeaderNames []string `json:"header_names,omitempty"`
	CreateTime  string   `json:"create_time"`
}

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
		RequestID:    requestID,
		Subscription: NewSubscriptionListed(d.Subscription),
		HeaderNames:  d.HeaderNames,
		CreateTime:   Time(d.CreatedAt),
	}
}

// Detail reads what NewGetSubscriptionResponse spelt.
func (r GetSubscriptionResponse) Detail() (smn.SubscriptionDetail, error) {
	s, err := r.Subscription.Subscription()
	if err != nil {
		return smn.SubscriptionDetail{}, err
	}
	at, err := ParseTime(r.CreateTime)
	return smn.SubscriptionDetail{Subscription: s, HeaderNames: r.HeaderNames, CreatedAt: at}, err
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
		}
	}
	return n
}
