package dynamostore

import (
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

func subscriptionKey(topicID, id string) key { return key{"S#" + topicID, "s#" + id} }

func (r row) subscription() (store.Subscription, error) {
	var v struct {
		Protocol smn.Protocol `json:"p"`
	}
	err := r.decode(&v)
	return store.Subscription{Protocol: v.Protocol}, err
}
