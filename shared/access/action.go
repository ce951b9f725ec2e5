// Package access knows access policies: what the owner of a topic lets others do
// with it. It reads and judges them, and has no memory of its own.
package access

import (
	"path"
	"strings"

	"tocsin/shared/smn"
)

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

// Actions lists them all.
var Actions = []Action{
	UpdateTopic, DeleteTopic, QueryTopicDetail, ListTopicAttributes, UpdateTopicAttribute, DeleteTopicAttributes,
	DeleteTopicAttributeByName, ListSubscriptionsByTopic, Subscribe, Unsubscribe, Publish,
}

var actionPattern = smn.Pattern(`^[A-Za-z:*?]{1,64}$`)

// actionsLike finds the actions that a name means. An asterisk stands for any
// characters, a question mark for one; case does not count.
func actionsLike(name string) (found []Action) {
	if !actionPattern().MatchString(name) { // so Match sees nothing else that it would interpret
		return nil
	}
	for _, a := range Actions {
		if ok, err := path.Match(strings.ToLower(name), strings.ToLower(string(a))); ok && err == nil {
			found = append(found, a)
		}
	}
	return found
}
