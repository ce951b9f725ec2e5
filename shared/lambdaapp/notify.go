package lambdaapp

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"tocsin/shared/smn"
)

// NotifyResult is what the notify function answers. EventBridge ignores it;
// whoever invokes the function by hand reads it.
type NotifyResult struct {
	MessageID string `json:"message_id,omitempty"` // empty when Repeated
	TopicURN  string `json:"topic_urn"`
	Subject   string `json:"subject"`

	// Repeated says that the event was published before, in other words than now.
	Repeated bool `json:"repeated,omitempty"`
}

// NotifyHandler publishes what has happened, as the owner of the topic: the events
// of EventBridge and EventBridge Scheduler, and alarms of CloudWatch that invoke
// the function themselves or by SNS. An event that comes again is published once,
// where the service knows idempotency keys: SNS and Lambda deliver at least once.
//
// An event that says nothing is an error, and so is a publish that fails: Lambda
// then tries again. The result is that of the last message; SNS sends one at a
// time.
func NotifyHandler(svc smn.Service, topics NotifyTopics) func(ctx context.Context, event json.RawMessage) (NotifyResult, error) {
	return func(ctx context.Context, event json.RawMessage) (NotifyResult, error) {
		all, err := readEvent(event)
		if err != nil {
			return NotifyResult{}, err
		}
		var result NotifyResult
		for _, h := range all {
			if result, err = notify(ctx, svc, topics, h); err != nil {
				return NotifyResult{}, err
			}
		}
		return result, nil
	}
}

func notify(ctx context.Context, svc smn.Service, topics NotifyTopics, h happening) (NotifyResult, error) {
	topic, err := topics.of(h)
	if err != nil {
		return NotifyResult{}, fmt.Errorf("an event of %s: %w", h.Source, err)
	}
	in := h.Input(topic.String())
	result := NotifyResult{TopicURN: in.TopicURN, Subject: in.Subject}
	result.MessageID, err = svc.Publish(smn.WithCaller(ctx, smn.Caller{Project: topic.Project, User: "notify"}), in)
	if smn.CodeOf(err) == smn.IdempotencyKeyUsed {
		slog.InfoContext(ctx, "event was published before", "source", h.Source, "topic_urn", in.TopicURN)
		result.Repeated, err = true, nil
	}
	if err != nil {
		return NotifyResult{}, fmt.Errorf("publish to %s: %w", in.TopicURN, err)
	}
	return result, nil
}
