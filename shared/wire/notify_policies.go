package wire

import "tocsin/shared/smn"

// NotifyPolicyRequest is the body of CreateNotifyPolicy and UpdateNotifyPolicy.
type NotifyPolicyRequest struct {
	Protocol string         `json:"protocol" code:"InvalidProtocol"`
	Polling  []PollingRound `json:"polling" code:"InvalidParameter"`
}

// PollingRound is a round as it is asked for.
type PollingRound struct {
	Order            int      `json:"order" code:"InvalidParameter"`
	SubscriptionURNs []string `json:"subscription_urns" code:"InvalidSubscriptionURN"`
}

// GetNotifyPolicyResponse answers GetNotifyPolicy.
type GetNotifyPolicyResponse struct {
	RequestID string        `json:"request_id"`
	ID        string        `json:"id"`
	Protocol  string        `json:"protocol"`
	Polling   []NotifyRound `json:"polling"` // never null
}

// NotifyRound is a round with its subscriptions.
type NotifyRound struct {
	Order         int                  `json:"order"`
	Subscriptions []NotifySubscription `json:"subscriptions"` // never null
}

// NotifySubscription is a subscription in a round.
type NotifySubscription struct {
	SubscriptionURN string `json:"subscription_urn"`
	Endpoint        string `json:"endpoint"`
	Remark          string `json:"remark"`
	Status          int    `json:"status"`
}

// NewPolicyRequest spells what the owner says about a policy.
func NewPolicyRequest(p smn.NewNotifyPolicy) NotifyPolicyRequest {
	return NotifyPolicyRequest{
		Protocol: string(p.Protocol),
		Polling:  List(p.Polling, func(r smn.PollingRound) PollingRound { return PollingRound(r) }),
	}
}

// Policy reads what NewPolicyRequest spelt.
func (r NotifyPolicyRequest) Policy() smn.NewNotifyPolicy {
	return smn.NewNotifyPolicy{
		Protocol: smn.Protocol(r.Protocol),
		Polling:  List(r.Polling, func(r PollingRound) smn.PollingRound { return smn.PollingRound(r) }),
	}
}

// NewNotifyPolicy spells a policy.
func NewNotifyPolicy(requestID string, p smn.NotifyPolicy) GetNotifyPolicyResponse {
	return GetNotifyPolicyResponse{
		RequestID: requestID,
		ID:        p.ID,
		Protocol:  string(p.Protocol),
		Polling: List(p.Polling, func(r smn.NotifyRound) NotifyRound {
			return NotifyRound{Order: r.Order, Subscriptions: List(r.Subscriptions, func(s smn.NotifyTarget) NotifySubscription {
				return NotifySubscription{SubscriptionURN: s.URN.String(), Endpoint: s.Endpoint, Remark: s.Remark, Status: int(s.Status)}
			})}
		}),
	}
}

// Policy reads what NewNotifyPolicy spelt.
func (r GetNotifyPolicyResponse) Policy() (smn.NotifyPolicy, error) {
	policy := smn.NotifyPolicy{ID: r.ID, Protocol: smn.Protocol(r.Protocol), Polling: make([]smn.NotifyRound, len(r.Polling))}
	for i, round := range r.Polling {
		subscriptions := make([]smn.NotifyTarget, len(round.Subscriptions))
		for j, s := range round.Subscriptions {
			urn, err := smn.ParseSubscriptionURN(s.SubscriptionURN)
			if err != nil {
				return smn.NotifyPolicy{}, err
			}
			subscriptions[j] = smn.NotifyTarget{URN: urn, Endpoint: s.Endpoint, Remark: s.Remark, Status: smn.Status(s.Status)}
		}
		policy.Polling[i] = smn.NotifyRound{Order: round.Order, Subscriptions: subscriptions}
	}
	return policy, nil
}
