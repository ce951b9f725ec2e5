package broker

import (
	"context"
	"fmt"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// CreateLogtank implements smn.Logtanks.
func (b *Broker) CreateLogtank(ctx context.Context, in smn.CreateLogtankInput) (string, error) {
	topic, err := b.enterTopic(ctx, in, in.TopicURN)
	if err != nil {
		return "", err
	}
	return b.attach(ctx, topic, logtankKind, smn.MaxLogtanks, in.Stream)
}

// ListLogtanks implements smn.Logtanks.
func (b *Broker) ListLogtanks(ctx context.Context, in smn.TopicInput) ([]smn.Logtank, error) {
	topic, err := b.enterTopic(ctx, in, in.TopicURN)
	if err != nil {
		return nil, err
	}
	return b.logtanks(ctx, topic.ID)
}

func (b *Broker) logtanks(ctx context.Context, topicID string) ([]smn.Logtank, error) {
	page, err := b.Store.ListDocuments(ctx, store.DocumentQuery{Owner: topicID, Kind: logtankKind, Limit: smn.MaxLogtanks})
	if err != nil {
		return nil, fmt.Errorf("list logtanks: %w", err)
	}
	logtanks := make([]smn.Logtank, len(page.Documents))
	for i, d := range page.Documents {
		stream, err := bodyOf[smn.LogStream](d)
		if err != nil {
			return nil, err
		}
		logtanks[i] = logtank(d, stream)
	}
	return logtanks, nil
}

// UpdateLogtank implements smn.Logtanks.
func (b *Broker) UpdateLogtank(ctx context.Context, in smn.UpdateLogtankInput) (smn.Logtank, error) {
	topic, err := b.enterTopic(ctx, in, in.TopicURN)
	if err != nil {
		return smn.Logtank{}, err
	}
	d, err := replace(ctx, b, topic, logtankKind, in.ID, in.Stream)
	return logtank(d, in.Stream), err
}

// DeleteLogtank implements smn.Logtanks.
func (b *Broker) DeleteLogtank(ctx context.Context, in smn.AttachmentInput) error {
	return b.detach(ctx, in, logtankKind)
}

func logtank(d store.Document, stream smn.LogStream) smn.Logtank {
	return smn.Logtank{ID: d.ID, Stream: stream, CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt}
}
