package wire

import (
	"strconv"
	"time"

	"tocsin/shared/smn"
)

// TopicStatisticsResponse answers GetTopicStatistics.
type TopicStatisticsResponse struct {
	RequestID  string            `json:"request_id"`
	Total      MessageCount      `json:"total"`
	Statistics []TopicStatistics `json:"statistics"` // never null
}

// TopicStatistics is the count of an hour.
type TopicStatistics struct {
	Count     MessageCount `json:"count"`
	StartTime string       `json:"start_time"`
}

// MessageCount counts messages by protocol.
type MessageCount struct {
	SMS int `json:"sms"`
}

// NewTopicStatistics spells counts.
func NewTopicStatistics(requestID string, counts []smn.SMSCount) TopicStatisticsResponse {
	r := TopicStatisticsResponse{RequestID: requestID, Statistics: make([]TopicStatistics, len(counts))}
	for i, c := range counts {
		r.Total.SMS += c.SMS
		r.Statistics[i] = TopicStatistics{Count: MessageCount{SMS: c.SMS}, StartTime: Time(c.Hour)}
	}
	return r
}

// Counts reads what NewTopicStatistics spelt.
func (r TopicStatisticsResponse) Counts() ([]smn.SMSCount, error) {
	counts := make([]smn.SMSCount, len(r.Statistics))
	for i, s := range r.Statistics {
		hour, err := ParseTime(s.StartTime)
		if err != nil {
			return nil, err
		}
		counts[i] = smn.SMSCount{Hour: hour, SMS: s.Count.SMS}
	}
	return counts, nil
}

// maxMillis bounds what is read as milliseconds: the end of the year 9999.
const maxMillis = 253_402_300_799_999

// Millis writes t as SMN's reports do: milliseconds of Unix time.
func Millis(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

// ParsePeriodTime reads what Millis or Time writes: both forms are in use for the
// ends of periods.
func ParsePeriodTime(s string) (time.Time, bool) {
	if ms, err := strconv.ParseUint(s, 10, 63); err == nil {
		return time.UnixMilli(int64(ms)).UTC(), ms <= maxMillis
	}
	t, err := ParseTime(s)
	return t, err == nil
}
