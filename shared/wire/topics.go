package wire

import "tocsin/shared/smn"

// Answer is the body of calls that answer with nothing else.
type Answer struct {
	RequestID string `json:"request_id"`
}

// CreateTopicRequest is the body of CreateTopic. The tag code names what a value
// of the wrong JSON type is answered with.
type CreateTopicRequest struct {
	Name                string `json:"name" code:"InvalidTopicName"`
	DisplayName         string `json:"display_name,omitempty" code:"InvalidDisplayName"`
	EnterpriseProjectID string `json:"enterprise_project_id,omitempty"`
}

// CreateTopicResponse answers it.
type CreateTopicResponse struct {
	RequestID string `json:"request_id"`
	TopicURN  string `json:"topic_urn"`
}

// UpdateTopicRequest is the body of UpdateTopic. Without a display name it stays
// as it is.
type UpdateTopicRequest struct {
	DisplayName *string `json:"display_name,omitempty" code:"InvalidDisplayName"`
}

// UpdateTopicResponse answers it.
type UpdateTopicResponse struct {
	RequestID string `json:"request_id"`
	TopicURN  string `json:"topic_urn"` // beyond SMN; clients look for it
}

// Topic is a topic in a list.
type Topic struct {
	TopicURN            string `json:"topic_urn"`
	Name                string `json:"name"`
	DisplayName         string `json:"display_name"`
	PushPolicy          int    `json:"push_policy"` // always 0: failed messages are kept in the queue
	EnterpriseProjectID string `json:"enterprise_project_id"`
	TopicID             string `json:"topic_id"`
	CreateTime          string `json:"create_time"`
	UpdateTime          string `json:"update_time"`
}

// GetTopicResponse answers GetTopic: a flat object.
type GetTopicResponse struct {
	RequestID string `json:"request_id"`
	Topic
}

// ListTopicsResponse answers ListTopics.
type ListTopicsResponse struct {
	RequestID  string  `json:"request_id"`
	TopicCount int     `json:"topic_count"` // of the whole list
	Topics     []Topic `json:"topics"`      // never null
}

// NewTopic spells a topic.
func NewTopic(t smn.Topic) Topic {
	return Topic{
		TopicURN:            t.URN.String(),
		Name:                t.URN.Name,
		DisplayName:         t.DisplayName,
		EnterpriseProjectID: t.EnterpriseProjectID,
		TopicID:             t.ID,
		CreateTime:          Time(t.CreatedAt),
		UpdateTime:          Time(t.UpdatedAt),
	}
}

// Topic reads what NewTopic spelt.
func (t Topic) Topic() (smn.Topic, error) {
	urn, err := smn.ParseTopicURN(t.TopicURN)
	if err != nil {
		return smn.Topic{}, err
	}
	created, err := ParseTime(t.CreateTime)
	if err != nil {
		return smn.Topic{}, err
	}
	updated, err := ParseTime(t.UpdateTime)
	if err != nil {
		return smn.Topic{}, err
	}
	return smn.Topic{
		URN:                 urn,
		ID:                  t.TopicID,
		DisplayName:         t.DisplayName,
		EnterpriseProjectID: t.EnterpriseProjectID,
		CreatedAt:           created,
		UpdatedAt:           updated,
	}, nil
}
