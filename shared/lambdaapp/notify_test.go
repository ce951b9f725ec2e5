package lambdaapp_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"tocsin/shared/lambdaapp"
	"tocsin/shared/smn"
	"tocsin/shared/validation"
)

const topicURN = "urn:smn:local:0123456789abcdef0123456789abcdef:sample"

// press is a Service that only publishes.
type press struct {
	smn.Service
	err    error
	caller smn.Caller
	got    smn.PublishInput
}

func (p *press) Publish(ctx context.Context, in smn.PublishInput) (string, error) {
	p.caller, _ = smn.CallerFrom(ctx)
	p.got = in
	if err := validation.Check(in); err != nil {
		return "", err
	}
	return "m1", p.err
}

func TestNotifySchedule(t *testing.T) {
	p := &press{}
	result, err := lambdaapp.NotifyHandler(p, topicURN)(t.Context(), json.RawMessage(`{
		"id":"1","source":"aws.events","detail-type":"Scheduled Event","time":"2026-11-22T03:00:00Z","account":"123456789012","region":"eu-central-1",
		"resources":["arn:aws:events:eu-central-1:123456789012:rule/nightly"],"detail":{}}`))
	require.NoError(t, err)
	require.Equal(t, lambdaapp.NotifyResult{MessageID: "m1", TopicURN: topicURN, Subject: "Schedule: nightly"}, result)
	require.Equal(t, smn.PublishInput{
		TopicURN: topicURN,
		Subject:  "Schedule: nightly",
		Message: `The schedule nightly is due.

Time: 2026-11-22T03:00:00Z
Schedule: arn:aws:events:eu-central-1:123456789012:rule/nightly
Account: 123456789012 in eu-central-1
`,
	}, p.got)
	require.Equal(t, "0123456789abcdef0123456789abcdef", p.caller.Project, "published as the owner of the topic")
}

func TestNotifySchedulerOfItsOwn(t *testing.T) {
	p := &press{}
	_, err := lambdaapp.NotifyHandler(p, topicURN)(t.Context(), json.RawMessage(`{
		"source":"aws.scheduler","detail-type":"Scheduled Event","time":"2026-11-22T03:00:00Z",
		"resources":["arn:aws:scheduler:eu-central-1:123456789012:schedule/default/nightly"],"detail":"{}"}`))
	require.NoError(t, err)
	require.Equal(t, "Schedule: nightly", p.got.Subject)
}

func TestNotifyAlarm(t *testing.T) {
	p := &press{}
	_, err := lambdaapp.NotifyHandler(p, topicURN)(t.Context(), json.RawMessage(`{
		"id":"1","source":"aws.cloudwatch","detail-type":"CloudWatch Alarm State Change","time":"2026-11-22T03:00:00Z","account":"123456789012","region":"eu-central-1",
		"detail":{"alarmName":"cpu-high","state":{"value":"ALARM","reason":"Threshold Crossed"},"previousState":{"value":"OK"},
		"configuration":{"description":"Busy","metrics":[
			{"metricStat":{"metric":{"namespace":"AWS/EC2","name":"CPUUtilization","dimensions":{"b":"2","a":"1"}},"period":300,"stat":"Average"}},
			{"expression":"m1 / 2"}]}}}`))
	require.NoError(t, err)
	require.Equal(t, "ALARM: cpu-high", p.got.Subject)
	require.Equal(t, `The alarm cpu-high is in state ALARM, was OK.

Reason: Threshold Crossed
Description: Busy
Metric: AWS/EC2 CPUUtilization of a=1, b=2, Average over 5m0s
Expression: m1 / 2
Time: 2026-11-22T03:00:00Z
Account: 123456789012 in eu-central-1
`, p.got.Message)
}

func TestNotifyKeepsTheRulesOfMessages(t *testing.T) {
	alarm := func(name string) json.RawMessage {
		event, err := json.Marshal(map[string]any{
			"source": "aws.cloudwatch", "detail-type": "CloudWatch Alarm State Change", "time": "2026-11-22T03:00:00Z",
			"detail": map[string]any{"alarmName": name, "state": map[string]string{"value": "OK"}},
		})
		require.NoError(t, err)
		return event
	}
	for _, name := range []string{
		strings.Repeat("a", smn.MaxSubject-len("OK: ")), strings.Repeat("a", smn.MaxSubject-len("OK: ")+1), strings.Repeat("ü", smn.MaxSubject),
		strings.Repeat("😀", smn.MaxMessage/3), "two\nlines\r\n\u2028\x00",
	} {
		p := &press{}
		_, err := lambdaapp.NotifyHandler(p, topicURN)(t.Context(), alarm(name)) // press checks as the service does
		require.NoError(t, err)
		require.True(t, utf8.ValidString(p.got.Subject))
		if strings.HasPrefix(name, "a") {
			require.Len(t, p.got.Subject, smn.MaxSubject)
		}
		require.Equal(t, len("OK: "+name) == smn.MaxSubject || name[0] == 't', !strings.HasSuffix(p.got.Subject, "…"))
	}
}

func TestNotifyFails(t *testing.T) {
	for name, c := range map[string]struct{ event, err string }{
		"another event": {`{"source":"aws.ec2","detail-type":"EC2 Instance State-change Notification"}`, `no notification is made of events with source "aws.ec2" and detail-type "EC2 Instance State-change Notification"`},
		"a request":     {`{"version":"2.0","rawPath":"/"}`, `no notification is made of events with source "" and detail-type ""`},
		"no object":     {`[]`, "the event is not one of EventBridge: "},
		"no alarm":      {`{"id":"7","source":"aws.cloudwatch","detail-type":"CloudWatch Alarm State Change","detail":{}}`, "event 7 of aws.cloudwatch: the detail names no alarm or no state"},
		"no detail":     {`{"id":"7","source":"aws.cloudwatch","detail-type":"CloudWatch Alarm State Change"}`, "event 7 of aws.cloudwatch: read detail: "},
	} {
		t.Run(name, func(t *testing.T) {
			p := &press{}
			_, err := lambdaapp.NotifyHandler(p, topicURN)(t.Context(), json.RawMessage(c.event))
			require.ErrorContains(t, err, c.err)
			require.Empty(t, p.got, "nothing is published")
		})
	}
}

func TestNotifyReturnsTheErrorOfThePublish(t *testing.T) {
	p := &press{err: smn.Errorf(smn.Overloaded, "later")}
	_, err := lambdaapp.NotifyHandler(p, topicURN)(t.Context(), json.RawMessage(`{"source":"aws.events","detail-type":"Scheduled Event"}`))
	require.Equal(t, smn.Overloaded, smn.CodeOf(err), "so that Lambda tries again")
	var known *smn.Error
	require.ErrorAs(t, err, &known)
}
