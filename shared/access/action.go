// Package access knows access policies: what the owner of a topic lets others do
// with it.
package access

// Action is what a caller does to a topic, as policies name it.
type Action string

// The actions that a policy can allow or deny.
const (
	UpdateTopic                Action = "SMN:UpdateTopic"
	DeleteTopic                Action = "SMN:DeleteTopic"
	QueryTopicDetail           Action = "SMN:QueryTopicDetail"
	ListTopicAttributes        Action = "SMN:ListTopicAttributes"
	UpdateTopicAttribute       Action = "SMN:UpdateTopicAttribute"
	DeleteTopicAttributes      Action = "SMN:DeleteTopicAttributes"
	DeleteTopicAttributeByName Action = "SMN:DeleteTopicAttributeByName"
	ListSubscriptionsByTopic   Action = "SMN:ListSubscriptionsByTopic"
	Subscribe                  Action = "SMN:Subscribe"
	Unsubscribe                Action = "SMN:Unsubscribe"
	Publish                    Action = "SMN:Publish"
)
