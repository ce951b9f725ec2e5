package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/shared/queue"
	"tocsin/shared/store"
)

// DeleteTopic meets store.Topics. It is constant work: without its own rows nothing
// finds what belongs to the topic. Subscriptions, of which there can be thousands, are
// removed by CleanUp.
func (db *DB) DeleteTopic(ctx context.Context, project, name string) error {
	if err := db.deleteTopic(ctx, project, topicKey(project, name)); err != nil {
		return fmt.Errorf("delete topic %s: %w", name, err)
	}
	return nil
}

// cleanUpLater is when it is seen whether a clean-up was done. No call lasts as long.
const cleanUpLater = 2 * time.Minute

func (db *DB) deleteTopic(ctx context.Context, project string, named key) error {
	var pause backoff
	for { // until nobody is faster
		_, t, err := db.topicAt(ctx, named)
		if err != nil {
			return err
		}
		cleanup := queue.Cleanup{Project: project, TopicID: t.ID}
		tagged := store.TagKey{Project: project, Kind: store.TopicKind, ID: t.ID}
		// Nobody would know of the topic if this call ended behind its transaction.
		if err := db.putTasks(ctx, queue.NewCleanup(cleanup, db.now().Add(cleanUpLater))); err != nil {
			return err
		}
		dropped, err := db.drop(ctx, topicBlocks(project), t.ID)
		if err != nil {
			return err
		}
		left, err := db.leaveSubscriptions(ctx, project, t.ID)
		if err != nil {
			return err
		}
		err = db.transact(ctx, append(append(dropped, left...),
			remove(named).when("id = ?", s(t.ID)),
			remove(listedTopicKey(project, t.ID)),
			remove(tagsKey(tagged)), // which their project finds by themselves
		)...)
		if errors.Is(err, errCondition) {
			if err := pause.wait(ctx, err); err != nil {
				return err
			}
			continue
		}
		if err == nil {
			err = db.removeAttached(ctx, tagged)
		}
		if err == nil {
			err = db.putTasks(ctx, queue.NewCleanup(cleanup, time.Time{}))
		}
		return err
	}
}

// CleanUp meets store.Cleaner.
func (db *DB) CleanUp(ctx context.Context, project, topicID string) (more bool, err error) {
	_, there, err := db.get(ctx, listedTopicKey(project, topicID))
	if err == nil && !there {
		more, err = db.clearSubscriptions(ctx, project, topicID)
		if err == nil && !more {
			err = db.removeAttached(ctx, store.TagKey{Project: project, Kind: store.TopicKind, ID: topicID})
		}
	}
	if err != nil {
		return false, fmt.Errorf("clean up topic %s: %w", topicID, err)
	}
	return more, nil
}
