package broker

import (
	"context"
	"errors"
	"fmt"

	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// Detect implements smn.Detections. The document comes before the task: the
// worker sends nothing for a detection that is not kept.
func (b *Broker) Detect(ctx context.Context, in smn.DetectInput) (string, error) {
	target := smn.NewSubscription{Protocol: in.Protocol, Endpoint: in.Endpoint, Extension: smn.Extension{Header: in.Header}}
	if in.Protocol != smn.HTTP && in.Protocol != smn.HTTPS {
		return "", smn.Errorf(smn.InvalidProtocol, "protocol must be http or https")
	}
	topic, err := b.enterTopic(ctx, smn.SubscribeInput{TopicURN: in.TopicURN, NewSubscription: target}, in.TopicURN)
	if err != nil {
		return "", err
	}
	if err := b.mayCall(smn.Caller{Project: topic.Project}, target); err != nil {
		return "", err
	}
	id, err := b.attachDetection(ctx, topic)
	if err != nil {
		return "", err
	}
	task := queue.NewDetection(queue.Detection{
		Project:  topic.Project,
		ID:       id,
		TopicID:  topic.ID,
		TopicURN: in.TopicURN,
		Protocol: in.Protocol,
		Endpoint: in.Endpoint,
		Header:   in.Header,
		IssuedAt: b.Now(),
	})
	if err := b.Tasks.Put(ctx, task); err != nil {
		return "", fmt.Errorf("put detection %s: %w", id, err)
	}
	return id, nil
}

// attachDetection makes room by removing the oldest. Ids are in the order of time.
func (b *Broker) attachDetection(ctx context.Context, topic store.Topic) (string, error) {
	for {
		id, err := b.attach(ctx, topic, store.DetectionKind, smn.MaxDetections, smn.Detection{Status: smn.NotDetected})
		if smn.CodeOf(err) != smn.TooManyResources {
			return id, err
		}
		page, err := b.Store.ListDocuments(ctx, store.DocumentQuery{Owner: topic.ID, Kind: store.DetectionKind, Limit: 1})
		if err != nil {
			return "", fmt.Errorf("find the oldest detection: %w", err)
		}
		for _, oldest := range page.Documents {
			if err := b.Store.DeleteDocument(ctx, oldest.DocumentKey); err != nil && !errors.Is(err, store.ErrNotFound) {
				return "", fmt.Errorf("remove the oldest detection: %w", err)
			}
		}
	}
}

// GetDetection implements smn.Detections.
func (b *Broker) GetDetection(ctx context.Context, in smn.AttachmentInput) (smn.Detection, error) {
	topic, err := b.enterTopic(ctx, in, in.TopicURN)
	if err != nil {
		return smn.Detection{}, err
	}
	return attached[smn.Detection](ctx, b, topic, store.DetectionKind, in.ID)
}
