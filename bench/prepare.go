package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/shared/embedded"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// plan is a topic and the endpoints that have confirmed, all http.
type plan struct {
	topic     string
	endpoints []string
}

const (
	ownProject = "0123456789abcdef0123456789abcdef" // of a service without any settings
	ownRegion  = "local"
	addAtOnce  = 1000 // subscriptions of one transaction
)

// urn is the name of a planned topic in the API.
func (p plan) urn() string {
	return smn.TopicURN{Region: ownRegion, Project: ownProject, Name: p.topic}.String()
}

// prepare writes topics into a data folder that no service has open: a million
// subscriptions through the API would take an hour.
func prepare(ctx context.Context, folder string, plans []plan) (err error) {
	db, err := embedded.Open(ctx, embedded.Config{Dir: folder, Durability: embedded.Normal})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, p := range plans {
		now := time.Now()
		topic, _, err := db.CreateTopic(ctx, store.Topic{
			ID: smn.NewID(), Project: ownProject, Name: p.topic, CreatedAt: now, UpdatedAt: now,
		}, smn.MaxTopics)
		if err != nil {
			return err
		}
		for first := 0; first < len(p.endpoints); first += addAtOnce {
			var items []store.AddSubscription
			for _, endpoint := range p.endpoints[first:min(first+addAtOnce, len(p.endpoints))] {
				items = append(items, store.AddSubscription{Subscription: store.Subscription{
					SubscriptionKey: store.SubscriptionKey{Project: ownProject, TopicID: topic.ID, ID: smn.NewID()},
					Protocol:        smn.HTTP, Endpoint: endpoint, Status: smn.Confirmed, CreatedAt: now,
				}})
			}
			added, err := db.AddSubscriptions(ctx, ownProject, topic.ID, items, smn.MaxSubscriptions)
			if err != nil {
				return err
			}
			for _, a := range added {
				if a.Err != nil || !a.Created {
					return fmt.Errorf("prepare topic %s: %s was not added: %w", p.topic, a.Endpoint, a.Err)
				}
			}
		}
	}
	return nil
}
