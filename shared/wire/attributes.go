package wire

import (
	"time"

	"tocsin/shared/smn"
)

// ListTopicAttributesResponse answers ListTopicAttributes.
type ListTopicAttributesResponse struct {
	RequestID  string            `json:"request_id"`
	Attributes map[string]string `json:"attributes"` // clients read nothing but texts here
}

// What SMN adds to the attributes: the times of the access policy, when one is
// set.
const (
	policyCreateTime = "create_time"
	policyUpdateTime = "update_time"
)

// NewTopicAttributes spells attributes.
func NewTopicAttributes(a smn.TopicAttributes) map[string]string {
	attributes := make(map[string]string, len(a.Values)+2)
	for name, value := range a.Values {
		attributes[string(name)] = value
	}
	if a.Values[smn.AccessPolicy] != "" {
		attributes[policyCreateTime], attributes[policyUpdateTime] = Time(a.PolicyCreatedAt), Time(a.PolicyUpdatedAt)
	}
	return attributes
}

// TopicAttributes reads what NewTopicAttributes spelt. Attributes that are
// unknown here are left out.
func (r ListTopicAttributesResponse) TopicAttributes() (smn.TopicAttributes, error) {
	a := smn.TopicAttributes{Values: map[smn.AttributeName]string{}}
	for _, name := range smn.AttributeNames {
		if value, ok := r.Attributes[string(name)]; ok {
			a.Values[name] = value
		}
	}
	for name, into := range map[string]*time.Time{policyCreateTime: &a.PolicyCreatedAt, policyUpdateTime: &a.PolicyUpdatedAt} {
		if text, ok := r.Attributes[name]; ok {
			at, err := ParseTime(text)
			if err != nil {
				return smn.TopicAttributes{}, err
			}
			*into = at
		}
	}
	return a, nil
}

// UpdateTopicAttributeRequest is the body of UpdateTopicAttribute.
type UpdateTopicAttributeRequest struct {
	Value *string `json:"value" code:"InvalidParameter"` // must be there, empty or not
}
