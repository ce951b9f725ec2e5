package broker

import (
	"context"
	"errors"
	"fmt"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// ListMessages implements smn.Reports.
func (b *Broker) ListMessages(ctx context.Context, in smn.ListMessagesInput) ([]smn.PublishedMessage, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return nil, err
	}
	topic, err := b.ownTopic(ctx, caller, in.TopicURN)
	if err != nil {
		return nil, err
	}
	heads, err := b.Store.ListMessages(ctx, store.MessageQuery{TopicID: topic.ID, After: in.Marker, Limit: limitOf(smn.Page{Limit: in.Limit})})
	if err != nil {
		return nil, fmt.Errorf("list messages of %s: %w", in.TopicURN, err)
	}
	messages := make([]smn.PublishedMessage, len(heads))
	for i, h := range heads {
		messages[i] = smn.PublishedMessage(h)
	}
	return messages, nil
}

// GetMessageReport implements smn.Reports.
func (b *Broker) GetMessageReport(ctx context.Context, in smn.MessageReportInput) (smn.MessageReport, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return smn.MessageReport{}, err
	}
	topic, err := b.ownTopic(ctx, caller, in.TopicURN)
	if err != nil {
		return smn.MessageReport{}, err
	}
	m, err := b.Store.GetMessage(ctx, in.MessageID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return smn.MessageReport{}, fmt.Errorf("get message %s: %w", in.MessageID, err)
	}
	if err != nil || m.TopicID != topic.ID {
		return smn.MessageReport{}, smn.Errorf(smn.ResourceNotFound, "the topic has no message %s, or keeps it no more", in.MessageID)
	}
	q := store.FailureQuery{MessageID: m.ID, Limit: limitOf(smn.Page{Limit: in.Limit})}
	if in.Marker != "" {
		marker, err := smn.ParseSubscriptionURN(in.Marker)
		if err != nil {
			return smn.MessageReport{}, err
		}
		q.After = marker.ID
	}
	// The counts first: once they say that all is over, the failures are those of the end.
	kept, err := b.Store.GetReport(ctx, m.ID)
	if err != nil {
		return smn.MessageReport{}, fmt.Errorf("report on message %s: %w", m.ID, err)
	}
	failures, err := b.Store.ListFailures(ctx, q)
	if err != nil {
		return smn.MessageReport{}, fmt.Errorf("report on message %s: %w", m.ID, err)
	}
	report := smn.MessageReport{
		PublishedMessage: smn.PublishedMessage{ID: m.ID, Subject: m.Subject, AcceptedAt: m.AcceptedAt},
		ExpiresAt:        m.ExpiresAt,
		FannedOut:        !kept.FanningOut,
		Counts: smn.DeliveryCounts{
			Matched: kept.Matched, Delivered: kept.Delivered(), Retrying: kept.Retrying + kept.Waiting, Dead: kept.Dead, Filtered: kept.Filtered,
		},
		Failures: make([]smn.DeliveryFailure, len(failures)),
	}
	for i, f := range failures {
		report.Failures[i] = b.describeFailure(topic, f)
	}
	return report, nil
}

func (b *Broker) describeFailure(topic store.Topic, f store.ListedFailure) smn.DeliveryFailure {
	return smn.DeliveryFailure{
		SubscriptionURN: smn.SubscriptionURN{Topic: b.topicURN(topic), ID: f.SubscriptionID},
		Protocol:        f.Protocol,
		Attempts:        f.Attempts,
		Dead:            f.Dead,
		NextAttemptAt:   f.Next,
		Status:          f.Status,
		Reason:          f.Reason,
		At:              f.At,
	}
}
