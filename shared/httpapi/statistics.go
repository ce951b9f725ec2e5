package httpapi

import (
	"net/http"
	"net/url"
	"time"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// GetTopicStatistics counts what a topic has sent. SMN calls it
// ListTopicMessageStatistics.
var GetTopicStatistics = Operation{
	Name:  "get-topic-statistics",
	Route: "GET /v2/{project_id}/notifications/topics/{topic_urn}/statistics",
	door:  ownerDoor,
	bind:  withService(getTopicStatistics),
}

func getTopicStatistics(r *http.Request, svc smn.Service) (reply, error) {
	in := smn.TopicStatisticsInput{TopicURN: r.PathValue("topic_urn")}
	query, err := queryOf(r)
	if err == nil {
		in.From, in.To, err = periodOf(query)
	}
	if err != nil {
		return reply{}, err
	}
	counts, err := svc.GetTopicStatistics(r.Context(), in)
	if err != nil {
		return reply{}, err
	}
	return ok(wire.NewTopicStatistics(requestID(r), counts)), nil
}

// periodOf reads start_time and end_time, each zero when it is left out.
func periodOf(query url.Values) (from, to time.Time, err error) {
	if from, err = timeIn(query, "start_time", smn.InvalidStartTime); err != nil {
		return from, to, err
	}
	to, err = timeIn(query, "end_time", smn.InvalidEndTime)
	return from, to, err
}

func timeIn(query url.Values, name string, code smn.Code) (time.Time, error) {
	text := query.Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	t, ok := wire.ParsePeriodTime(text)
	if !ok {
		return t, smn.Errorf(code, "%s must look like 2026-01-31T12:00:00Z, or be milliseconds of Unix time", name)
	}
	return t, nil
}
