package smn

import (
	"context"
	"time"
)

// Statistics tell what topics have sent.
type Statistics interface {
	// GetTopicStatistics counts the SMS of a topic that were delivered, by the hour in
	// which their messages were accepted: one item for each hour that overlaps with
	// the period and has any, in their order. Counts are kept for 92 days.
	// TopicNotFound.
	GetTopicStatistics(ctx context.Context, in TopicStatisticsInput) ([]SMSCount, error)
}

// MaxStatistics is the longest period that statistics can be asked for.
const MaxStatistics = 31 * 24 * time.Hour

// TopicStatisticsInput is what GetTopicStatistics needs.
type TopicStatisticsInput struct {
	TopicURN string    `validate:"topic_urn" code:"InvalidTopicURN"`
	From     time.Time `validate:"required" code:"InvalidStartTime"`
	To       time.Time `validate:"required,gtfield=From,statistics_end" code:"InvalidEndTime"` // at most MaxStatistics later
}

// SMSCount is how many SMS of a topic were delivered in an hour.
type SMSCount struct {
	Hour time.Time // when it began
	SMS  int
}
