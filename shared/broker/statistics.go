package broker

import (
	"context"
	"fmt"

	"tocsin/shared/access"
	"tocsin/shared/smn"
)

// GetTopicStatistics implements smn.Statistics.
func (b *Broker) GetTopicStatistics(ctx context.Context, in smn.TopicStatisticsInput) ([]smn.SMSCount, error) {
	caller, err := enter(ctx, in)
	if err != nil {
		return nil, err
	}
	topic, err := b.openTopic(ctx, caller, access.QueryTopicDetail, in.TopicURN)
	if err != nil {
		return nil, err
	}
	kept, err := b.Store.CountSMS(ctx, topic.ID, in.From, in.To)
	if err != nil {
		return nil, fmt.Errorf("statistics of %s: %w", in.TopicURN, err)
	}
	counts := make([]smn.SMSCount, len(kept))
	for i, c := range kept {
		counts[i] = smn.SMSCount(c)
	}
	return counts, nil
}
