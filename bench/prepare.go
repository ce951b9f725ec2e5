package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"tocsin/shared/embedded"
	"tocsin/shared/mns"
	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// plan is a topic and the endpoints that have confirmed, all http.
type plan struct {
	topic     string
	endpoints []string
	form      string // of their notifications; empty for SMN's
	old       int    // messages that have expired long ago, each with a report; none if somebody has confirmed
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
				s := store.Subscription{
					SubscriptionKey: store.SubscriptionKey{Project: ownProject, TopicID: topic.ID, ID: smn.NewID()},
					Protocol:        smn.HTTP, Endpoint: endpoint, Status: smn.Confirmed, CreatedAt: now,
				}
				if p.form != "" {
					s.Name, s.Style, s.Status = s.ID, smn.Style{Form: p.form, Strategy: mns.BackoffRetry}, smn.Exempt
				}
				items = append(items, store.AddSubscription{Subscription: s})
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
		if err := prepareOld(ctx, db, topic, p.old); err != nil {
			return err
		}
	}
	return nil
}

// writers is how many write at once, since a group of them costs as much as one.
const writers = 64

// prepareOld writes old messages with what one failed delivery of each has left. The
// first is the oldest and the last the youngest.
func prepareOld(ctx context.Context, db *embedded.DB, topic store.Topic, n int) error {
	expired := time.Now().Add(-3 * smn.KeepDead)
	put := func(i int) error {
		m := store.Message{
			ID: oldMessage(i), Project: topic.Project, TopicID: topic.ID, TopicURN: plan{topic: topic.Name}.urn(),
			Subject: "old", Body: "old", AcceptedAt: expired.Add(-time.Hour), ExpiresAt: expired,
		}
		failure := store.Failure{
			MessageID: m.ID, SubscriptionID: smn.NewID(), Project: topic.Project, TopicID: topic.ID,
			Attempts: 7, Dead: true, Status: 503, Reason: "503", At: expired,
		}
		return errors.Join(
			db.PutMessage(ctx, m, queue.NewFanOut(topic.Project, topic.ID, m.ID, 0)),
			db.FinishChunk(ctx, store.ChunkKey{MessageID: m.ID}, store.Tally{Matched: 1}, []store.Failure{failure}),
		)
	}
	if n == 0 {
		return nil
	}
	if err := put(0); err != nil {
		return err
	}
	errs := make([]error, writers)
	var work sync.WaitGroup
	for w := range writers {
		work.Go(func() {
			for i := 1 + w; i < n-1 && errs[w] == nil; i += writers {
				errs[w] = put(i)
			}
		})
	}
	work.Wait()
	if n > 1 {
		errs = append(errs, put(n-1))
	}
	return errors.Join(errs...)
}

// oldMessage is the id of an old message.
func oldMessage(i int) string { return fmt.Sprintf("%016x%016x", i+1, 0) }
