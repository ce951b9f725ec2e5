package wire

import "tocsin/shared/smn"

// CreatedResponse answers calls that make something with an id.
type CreatedResponse struct {
	RequestID string `json:"request_id"`
	ID        string `json:"id"`
}

// LogtankRequest is the body of CreateLogtank and UpdateLogtank.
type LogtankRequest struct {
	LogGroupID  string `json:"log_group_id" code:"InvalidParameter"`
	LogStreamID string `json:"log_stream_id" code:"InvalidParameter"`
}

// Logtank is a logtank in a list.
type Logtank struct {
	ID          string `json:"id"`
	LogGroupID  string `json:"log_group_id"`
	LogStreamID string `json:"log_stream_id"`
	CreateTime  string `json:"create_time"`
	UpdateTime  string `json:"update_time"`
}

// ListLogtanksResponse answers ListLogtanks.
type ListLogtanksResponse struct {
	RequestID string    `json:"request_id"`
	Count     int       `json:"count"`
	Logtanks  []Logtank `json:"logtanks"` // never null
}

// UpdateLogtankResponse answers UpdateLogtank.
type UpdateLogtankResponse struct {
	RequestID string  `json:"request_id"`
	Logtank   Logtank `json:"logtank"`
}

// NewLogtank spells a logtank.
func NewLogtank(l smn.Logtank) Logtank {
	return Logtank{
		ID:          l.ID,
		LogGroupID:  l.Stream.GroupID,
		LogStreamID: l.Stream.StreamID,
		CreateTime:  Time(l.CreatedAt),
		UpdateTime:  Time(l.UpdatedAt),
	}
}

// NewLogtanks spells a list of them.
func NewLogtanks(logtanks []smn.Logtank) []Logtank { return convert(logtanks, NewLogtank) }

// Logtank reads what NewLogtank spelt.
func (l Logtank) Logtank() (smn.Logtank, error) {
	created, err := ParseTime(l.CreateTime)
	if err != nil {
		return smn.Logtank{}, err
	}
	updated, err := ParseTime(l.UpdateTime)
	if err != nil {
		return smn.Logtank{}, err
	}
	stream := smn.LogStream{GroupID: l.LogGroupID, StreamID: l.LogStreamID}
	return smn.Logtank{ID: l.ID, Stream: stream, CreatedAt: created, UpdatedAt: updated}, nil
}

// ReadLogtanks reads what NewLogtanks spelt.
func ReadLogtanks(logtanks []Logtank) ([]smn.Logtank, error) {
	list := make([]smn.Logtank, len(logtanks))
	for i, l := range logtanks {
		var err error
		if list[i], err = l.Logtank(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

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
		Polling:  convert(p.Polling, func(r smn.PollingRound) PollingRound { return PollingRound(r) }),
	}
}

// Policy reads what NewPolicyRequest spelt.
func (r NotifyPolicyRequest) Policy() smn.NewNotifyPolicy {
	return smn.NewNotifyPolicy{
		Protocol: smn.Protocol(r.Protocol),
		Polling:  convert(r.Polling, func(r PollingRound) smn.PollingRound { return smn.PollingRound(r) }),
	}
}

// NewNotifyPolicy spells a policy.
func NewNotifyPolicy(requestID string, p smn.NotifyPolicy) GetNotifyPolicyResponse {
	return GetNotifyPolicyResponse{
		RequestID: requestID,
		ID:        p.ID,
		Protocol:  string(p.Protocol),
		Polling: convert(p.Polling, func(r smn.NotifyRound) NotifyRound {
			return NotifyRound{Order: r.Order, Subscriptions: convert(r.Subscriptions, func(s smn.NotifyTarget) NotifySubscription {
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

// KMSKeyRequest is the body of CreateKMSKey and UpdateKMSKey.
type KMSKeyRequest struct {
	KeyID string `json:"key_id" code:"InvalidParameter"`
}

// GetKMSKeyResponse answers GetKMSKey.
type GetKMSKeyResponse struct {
	RequestID string `json:"request_id"`
	ID        string `json:"id"`
	KeyID     string `json:"key_id"`
	Status    string `json:"status"`
}
