package dynamostore

import (
	"context"
	"fmt"
	"strings"

	"tocsin/shared/store"
)

// ListTopics meets store.Topics. With filters that are no name and no id the whole
// list is read.
func (db *DB) ListTopics(ctx context.Context, q store.TopicQuery) (store.TopicPage, error) {
	page, err := db.listTopics(ctx, q)
	if err != nil {
		return store.TopicPage{}, fmt.Errorf("list topics of project %s: %w", q.Project, err)
	}
	return page, nil
}

func (db *DB) listTopics(ctx context.Context, q store.TopicQuery) (page store.TopicPage, err error) {
	if q.Name != "" || q.ID != "" || q.Prefix != "" || q.Display != "" || q.EnterpriseProject != "" {
		return db.filteredTopics(ctx, q)
	}
	rows, total, err := db.page(ctx, topicBlocks(q.Project), part{after: q.After, backward: true, offset: q.Offset, limit: q.Limit})
	if err != nil {
		return page, err
	}
	page.Total = total
	for _, r := range rows {
		t, err := r.topic()
		if err != nil {
			return page, err
		}
		page.Topics = append(page.Topics, t)
	}
	return page, nil
}

func (db *DB) filteredTopics(ctx context.Context, q store.TopicQuery) (page store.TopicPage, err error) {
	skip := q.Offset
	take := func(t store.Topic) {
		if !fitsTopic(t, q) {
			return
		}
		page.Total++
		switch {
		case q.After != "" && t.ID >= q.After:
		case skip > 0:
			skip--
		case len(page.Topics) < q.Limit:
			page.Topics = append(page.Topics, t)
		}
	}
	for r, err := range db.query(ctx, candidates(q)) {
		if err != nil {
			return page, err
		}
		t, err := r.topic()
		if err != nil {
			return page, err
		}
		take(t)
	}
	return page, nil
}

// candidates asks for the topics that may fit, newest first.
func candidates(q store.TopicQuery) query {
	switch one, named := listedTopicKey(q.Project, q.ID), topicKey(q.Project, q.Name); {
	case q.ID != "":
		return query{pk: one.pk, from: one.sk, to: one.sk}
	case q.Name != "":
		return query{pk: named.pk, from: named.sk, to: named.sk}
	default:
		return query{pk: one.pk, prefix: one.sk, backward: true}
	}
}

func fitsTopic(t store.Topic, q store.TopicQuery) bool {
	return (q.Name == "" || t.Name == q.Name) &&
		(q.ID == "" || t.ID == q.ID) &&
		(q.EnterpriseProject == "" || t.EnterpriseProjectID == q.EnterpriseProject) &&
		strings.HasPrefix(t.Name, q.Prefix) &&
		strings.Contains(t.DisplayName, q.Display)
}
