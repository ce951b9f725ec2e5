package mns

import (
	"encoding/xml"
	"strings"
	"unicode/utf8"

	"tocsin/shared/smn"
)

// SubscribeRequest is the body of Subscribe.
type SubscribeRequest struct {
	smn.NewSubscription
	smn.Style
}

// ParseSubscribe reads one. MalformedXML, InvalidArgument, EndpointInvalid.
func ParseSubscribe(body []byte) (SubscribeRequest, error) {
	s, err := read(body, "Subscription", "Endpoint", "NotifyContentFormat", "NotifyStrategy", "FilterTag")
	if err != nil {
		return SubscribeRequest{}, err
	}
	var req SubscribeRequest
	if req.Protocol, req.Endpoint, err = parseEndpoint(s.value("Endpoint")); err != nil {
		return SubscribeRequest{}, err
	}
	if req.Form, err = formOf(s.value("NotifyContentFormat")); err != nil {
		return SubscribeRequest{}, err
	}
	if req.Strategy, err = checkStrategy(s.value("NotifyStrategy")); err != nil {
		return SubscribeRequest{}, err
	}
	if req.Tag, err = checkTag(s.value("FilterTag")); err != nil {
		return SubscribeRequest{}, err
	}
	return req, nil
}

// Fits says whether a subscription is what the request would make.
func (r SubscribeRequest) Fits(s smn.NamedSubscription) bool {
	return s.Protocol == r.Protocol && s.Endpoint == r.Endpoint && s.Style == r.Style
}

// SetSubscriptionRequest is the body of SetSubscriptionAttributes. What is nil was not
// given; all else that it may hold cannot be changed and does not matter.
type SetSubscriptionRequest struct {
	NotifyStrategy *string
	FilterTag      *string // empty for none
}

// ParseSetSubscription reads one. MalformedXML, InvalidArgument.
func ParseSetSubscription(body []byte) (SetSubscriptionRequest, error) {
	s, err := read(body, "Subscription", "NotifyStrategy", "FilterTag")
	if err != nil {
		return SetSubscriptionRequest{}, err
	}
	var req SetSubscriptionRequest
	if given := s.value("NotifyStrategy"); given != "" {
		strategy, err := checkStrategy(given)
		if err != nil {
			return SetSubscriptionRequest{}, err
		}
		req.NotifyStrategy = &strategy
	}
	if s.child("FilterTag") != nil {
		tag, err := checkTag(s.value("FilterTag"))
		if err != nil {
			return SetSubscriptionRequest{}, err
		}
		req.FilterTag = &tag
	}
	return req, nil
}

func checkTag(tag string) (string, error) {
	if utf8.RuneCountInString(tag) > smn.MaxMessageTag {
		return "", Errorf(InvalidArgument, "A tag has at most %d characters.", smn.MaxMessageTag)
	}
	return tag, nil
}

// The endpoints of people.
const (
	mailPrefix = "mail:directmail:"
	smsPrefix  = "sms:directsms:"
)

// parseEndpoint says how an endpoint of MNS is reached.
func parseEndpoint(endpoint string) (smn.Protocol, string, error) {
	if address, ok := strings.CutPrefix(endpoint, mailPrefix); ok {
		return smn.Email, address, nil
	}
	if phone, ok := strings.CutPrefix(endpoint, smsPrefix); ok {
		if phone == "anonymous" {
			return "", "", Errorf(EndpointInvalid, "%sanonymous, with receivers in each message, is not offered here: name a phone.", smsPrefix)
		}
		return smn.SMS, phone, nil
	}
	scheme, _, _ := strings.Cut(endpoint, "://")
	switch {
	case strings.EqualFold(scheme, "http"):
		return smn.HTTP, endpoint, nil
	case strings.EqualFold(scheme, "https"):
		return smn.HTTPS, endpoint, nil
	case strings.HasPrefix(endpoint, "acs:mns:"):
		return "", "", Errorf(EndpointInvalid, "Queues are not offered here.")
	}
	return "", "", Errorf(EndpointInvalid, "An endpoint is http://…, https://…, %s{address} or %s{phone}.", mailPrefix, smsPrefix)
}

// endpointOf is the way back. Other endpoints of SMN stay as they are.
func endpointOf(s smn.Subscription) string {
	switch s.Protocol {
	case smn.Email:
		return mailPrefix + s.Endpoint
	case smn.SMS:
		return smsPrefix + s.Endpoint
	}
	return s.Endpoint
}

// SubscriptionMeta are the attributes of a subscription. Programs want all of them
// but the tag.
type SubscriptionMeta struct {
	TopicOwner          string
	TopicName           string
	Subscriber          string
	SubscriptionName    string
	Endpoint            string
	NotifyStrategy      string
	NotifyContentFormat string
	FilterTag           string `xml:",omitempty"`
	CreateTime          int64  // Unix seconds
	LastModifyTime      int64
}

func newSubscriptionMeta(s smn.NamedSubscription) *SubscriptionMeta {
	strategy := s.Style.Strategy
	if strategy == "" { // it is SMN's, whose own comes nearest to this one
		strategy = BackoffRetry
	}
	return &SubscriptionMeta{
		TopicOwner:          AccountID(s.URN.Topic.Project),
		TopicName:           s.URN.Topic.Name,
		Subscriber:          AccountID(s.Subscriber),
		SubscriptionName:    s.Name,
		Endpoint:            endpointOf(s.Subscription),
		NotifyStrategy:      strategy,
		NotifyContentFormat: formatOf(s.Style.Form),
		FilterTag:           s.Style.Tag,
		CreateTime:          s.CreatedAt.Unix(),
		LastModifyTime:      s.UpdatedAt.Unix(),
	}
}

// GetSubscriptionResponse is the answer of GetSubscriptionAttributes.
type GetSubscriptionResponse struct {
	XMLName xml.Name `xml:"http://mns.aliyuncs.com/doc/v1/ Subscription"`
	*SubscriptionMeta
}

// NewGetSubscription describes a subscription.
func NewGetSubscription(s smn.NamedSubscription) GetSubscriptionResponse {
	return GetSubscriptionResponse{SubscriptionMeta: newSubscriptionMeta(s)}
}

// ListSubscriptionsResponse is the answer of ListSubscriptionByTopic. No element of it
// is ever empty.
type ListSubscriptionsResponse struct {
	XMLName       xml.Name           `xml:"http://mns.aliyuncs.com/doc/v1/ Subscriptions"`
	Subscriptions []SubscriptionItem `xml:"Subscription"`
	NextMarker    string             `xml:",omitempty"`
}

// SubscriptionItem is one subscription of a list.
type SubscriptionItem struct {
	SubscriptionURL string
	*SubscriptionMeta
}

// NewSubscriptionItem makes one, with the attributes of the subscription or without.
func NewSubscriptionItem(url string, s smn.NamedSubscription, withMeta bool) SubscriptionItem {
	item := SubscriptionItem{SubscriptionURL: url}
	if withMeta {
		item.SubscriptionMeta = newSubscriptionMeta(s)
	}
	return item
}
