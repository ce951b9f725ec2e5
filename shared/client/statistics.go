package client

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// GetTopicStatistics implements smn.Statistics.
func (c *Client) GetTopicStatistics(ctx context.Context, in smn.TopicStatisticsInput) ([]smn.SMSCount, error) {
	path, err := topicPath(in.TopicURN, "/statistics")
	if err != nil {
		return nil, err
	}
	query := url.Values{}
	setTime(query, "start_time", in.From)
	setTime(query, "end_time", in.To)
	var out wire.TopicStatisticsResponse
	if _, err := c.call(ctx, request{method: http.MethodGet, path: path, query: query}, &out); err != nil {
		return nil, err
	}
	counts, err := out.Counts()
	if err != nil {
		return nil, fmt.Errorf("read statistics of %s: %w", in.TopicURN, err)
	}
	return counts, nil
}

func setTime(query url.Values, name string, t time.Time) {
	if !t.IsZero() {
		query.Set(name, wire.Millis(t))
	}
}
