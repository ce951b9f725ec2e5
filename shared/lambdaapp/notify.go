package lambdaapp

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"

	"tocsin/shared/smn"
)

// NotifyResult is what the notify function answers. EventBridge ignores it;
// whoever invokes the function by hand reads it.
type NotifyResult struct {
	MessageID string `json:"message_id"`
	TopicURN  string `json:"topic_urn"`
	Subject   string `json:"subject"`
}

// notice is an event in words.
type notice struct{ subject, message string }

// spellings say which events are understood, by source and detail-type.
var spellings = map[[2]string]func(events.EventBridgeEvent) (notice, error){
	{"aws.events", "Scheduled Event"}:                   spellSchedule, // a rule
	{"aws.scheduler", "Scheduled Event"}:                spellSchedule, // EventBridge Scheduler
	{"aws.cloudwatch", "CloudWatch Alarm State Change"}: spellAlarm,
}

// NotifyHandler publishes events of EventBridge to a topic, as its owner: the
// ticks of a schedule and the state changes of CloudWatch alarms. Any other event
// is an error, and so is a publish that fails: Lambda then tries again.
func NotifyHandler(svc smn.Service, topicURN string) func(ctx context.Context, event json.RawMessage) (NotifyResult, error) {
	return func(ctx context.Context, event json.RawMessage) (NotifyResult, error) {
		var e events.EventBridgeEvent
		if err := json.Unmarshal(event, &e); err != nil {
			return NotifyResult{}, fmt.Errorf("the event is not one of EventBridge: %w", err)
		}
		spell, ok := spellings[[2]string{e.Source, e.DetailType}]
		if !ok {
			return NotifyResult{}, fmt.Errorf("no notification is made of events with source %q and detail-type %q", e.Source, e.DetailType)
		}
		n, err := spell(e)
		if err != nil {
			return NotifyResult{}, fmt.Errorf("event %s of %s: %w", e.ID, e.Source, err)
		}
		topic, err := smn.ParseTopicURN(topicURN)
		if err != nil {
			return NotifyResult{}, err
		}
		result := NotifyResult{TopicURN: topicURN, Subject: cut(oneLine(n.subject), smn.MaxSubject)}
		result.MessageID, err = svc.Publish(
			smn.WithCaller(ctx, smn.Caller{Project: topic.Project, User: "notify"}),
			smn.PublishInput{TopicURN: topicURN, Subject: result.Subject, Message: cut(n.message, smn.MaxMessage)},
		)
		if err != nil {
			return NotifyResult{}, fmt.Errorf("publish to %s: %w", topicURN, err)
		}
		return result, nil
	}
}

// oneLine makes a text fit for a subject, which may hold no control characters.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
}

// cut shortens a text to at most n bytes without breaking a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	const ellipsis = "…"
	n -= len(ellipsis)
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + ellipsis
}

// lines joins what there is to say, a line each. Pairs without a value are left
// out.
func lines(pairs ...[2]string) string {
	var b strings.Builder
	for _, pair := range pairs {
		if pair[1] != "" {
			fmt.Fprintf(&b, "%s: %s\n", pair[0], pair[1])
		}
	}
	return b.String()
}

// place says where an event comes from.
func place(e events.EventBridgeEvent) [2]string {
	if e.AccountID == "" && e.Region == "" {
		return [2]string{}
	}
	return [2]string{"Account", e.AccountID + " in " + e.Region}
}
