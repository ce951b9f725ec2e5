package smntest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

func topicStatistics(t *testing.T, s *suite) {
	topic := s.topic(t, "topic")
	now := time.Now().Truncate(time.Second)
	count := func(a actor, in smn.TopicStatisticsInput) error {
		counts, err := a.GetTopicStatistics(a.ctx, in)
		require.Empty(t, counts, "nothing was sent")
		return err
	}
	month := smn.MaxStatistics
	for _, c := range []struct {
		code     smn.Code
		from, to time.Time
	}{
		{"", now.Add(-time.Second), now},
		{"", now.Add(-month + time.Second), now},
		{"", now.Add(-month), now},
		{smn.InvalidEndTime, now.Add(-month - time.Second), now},
		{smn.InvalidEndTime, now, now},
		{smn.InvalidEndTime, now, now.Add(-time.Second)},
		{smn.InvalidStartTime, time.Time{}, now},
		{smn.InvalidEndTime, now, time.Time{}},
	} {
		require.Equal(t, c.code, smn.CodeOf(count(s.owner, smn.TopicStatisticsInput{TopicURN: topic, From: c.from, To: c.to})), c)
	}
	day := smn.TopicStatisticsInput{TopicURN: topic, From: now.Add(-24 * time.Hour), To: now}
	requireCode(t, smn.Forbidden, count(s.stranger, day))
	day.TopicURN = s.urn(Owner.Project, "missing")
	requireCode(t, smn.TopicNotFound, count(s.owner, day))
	day.TopicURN = "topic"
	requireCode(t, smn.InvalidTopicURN, count(s.owner, day))
}
