package lambdaapp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"tocsin/events"
	"tocsin/shared/lambdaapp"
	"tocsin/shared/smn"
	"tocsin/shared/validation"
	"tocsin/shared/wire"
)

var update = flag.Bool("update", false, "write the golden texts anew; read them before you keep them")

const (
	topicURN = "urn:smn:local:0123456789abcdef0123456789abcdef:sample"
	project  = "0123456789abcdef0123456789abcdef"
)

// press is a Service that only publishes, and remembers keys as the service does.
type press struct {
	smn.Service
	err    error
	caller smn.Caller
	got    []smn.PublishInput
}

func (p *press) Publish(ctx context.Context, in smn.PublishInput) (string, error) {
	if err := validation.Check(in); err != nil {
		return "", err
	}
	for i, before := range p.got {
		if in.IdempotencyKey != "" && before.IdempotencyKey == in.IdempotencyKey && before.TopicURN == in.TopicURN {
			if before.Structure != in.Structure || before.Subject != in.Subject {
				return "", smn.Errorf(smn.IdempotencyKeyUsed, "another message")
			}
			return fmt.Sprint("m", i+1), nil
		}
	}
	if p.err != nil {
		return "", p.err
	}
	p.caller, _ = smn.CallerFrom(ctx)
	p.got = append(p.got, in)
	return fmt.Sprint("m", len(p.got)), nil
}

func (p *press) notify(t testing.TB, topics lambdaapp.NotifyTopics, event string) (lambdaapp.NotifyResult, error) {
	t.Helper()
	if topics.Default == "" {
		topics.Default = topicURN
	}
	return lambdaapp.NotifyHandler(p, topics)(t.Context(), json.RawMessage(event))
}

// sample is one of the sample events.
func sample(t testing.TB, name string) string {
	t.Helper()
	text, err := events.Files.ReadFile(name + ".json")
	require.NoError(t, err)
	return string(text)
}

// samples are the names of all sample events of notify.
func samples(t testing.TB) (names []string) {
	t.Helper()
	files, err := events.Files.ReadDir(".")
	require.NoError(t, err)
	for _, file := range files {
		if strings.HasPrefix(file.Name(), "notify-") {
			names = append(names, strings.TrimSuffix(file.Name(), ".json"))
		}
	}
	require.GreaterOrEqual(t, len(names), 15)
	return names
}

// spelt shows a message as its readers get it.
func spelt(t testing.TB, in smn.PublishInput) string {
	t.Helper()
	texts, err := wire.ParseStructure(in.Structure)
	require.NoError(t, err)
	require.Equal(t, texts[smn.HTTP], texts[smn.HTTPS])
	require.Len(t, texts, 4, "default, sms, http, https")
	require.LessOrEqual(t, len(texts[smn.SMS].Value), smn.MaxSMS)
	var program bytes.Buffer
	require.NoError(t, json.Indent(&program, []byte(texts[smn.HTTP].Value), "", "  "))
	return fmt.Sprintf("subject: %s\n\n=== sms\n%s\n\n=== mail\n%s\n=== http\n%s\n",
		in.Subject, texts[smn.SMS].Value, texts[smn.DefaultVariant].Value, program.String())
}

// TestNotifyTexts compares what is made of each sample event with what a person has
// read and found good.
//
// The events have the fields of AWS's own documents: those of alarms of the pages
// "Alarm events and EventBridge" and "Invoke a Lambda function from an alarm"
// (alarmArn, accountId, alarmData, actionsSuppressedBy, …), those of Health of its
// "Amazon EventBridge schema" (eventArn, communicationId, affectedEntities, page, …),
// those of tasks of "Amazon ECS task state change events" (lastStatus, stopCode,
// containers[].exitCode, …), the records of SNS and the alarms in them of the samples
// of aws-lambda-go (Trigger, Metrics, …), execution id, schedule ARN and scheduled time
// of "Adding context attributes in EventBridge Scheduler". AlarmRule and
// TriggeringChildren of composite alarms by SNS stand in no page; they are as alarms
// were seen to send them.
func TestNotifyTexts(t *testing.T) {
	for _, name := range samples(t) {
		t.Run(name, func(t *testing.T) {
			p := &press{}
			result, err := p.notify(t, lambdaapp.NotifyTopics{}, sample(t, name))
			require.NoError(t, err)
			require.Equal(t, lambdaapp.NotifyResult{MessageID: "m1", TopicURN: topicURN, Subject: p.got[0].Subject}, result)
			require.Equal(t, smn.Caller{Project: project, User: "notify"}, p.caller, "published as the owner of the topic")

			file, got := filepath.Join("testdata", "notify", name+".txt"), spelt(t, p.got[0])
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(got), 0o600))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, string(want), got)
		})
	}
}

// TestNotifyRedelivered: EventBridge, Scheduler, SNS and Lambda deliver at least
// once.
func TestNotifyRedelivered(t *testing.T) {
	p := &press{}
	names := samples(t)
	for range 3 {
		for _, name := range names {
			_, err := p.notify(t, lambdaapp.NotifyTopics{}, sample(t, name))
			require.NoError(t, err)
		}
	}
	// One alarm comes by three ways, another by two at the same moment.
	require.Len(t, p.got, len(names)-2-1)
	keys := map[string]bool{}
	for _, in := range p.got {
		require.Len(t, in.IdempotencyKey, 64, "each sample can be told from the others")
		keys[in.IdempotencyKey] = true
	}
	require.Len(t, keys, len(p.got))
}

// TestNotifyTellsApart: what differs in this is another message, what differs in
// that is the same.
func TestNotifyTellsApart(t *testing.T) {
	for name, c := range map[string]struct{ event, old, new, same string }{
		"event id":       {"notify-schedule", "53dc4d37", "00000000", ""},
		"event account":  {"notify-event", `"123456789012"`, `"210987654321"`, ""},
		"run":            {"notify-scheduler", "T03:00:00Z", "T04:00:00Z", ""},
		"schedule":       {"notify-scheduler", "default/tape", "default/disk", ""},
		"attempt":        {"notify-scheduler", "d32c5kddcf5bb8c3", "0000000000000000", "repeated"},
		"state":          {"notify-alarm-action", `"value": "ALARM"`, `"value": "INSUFFICIENT_DATA"`, ""},
		"alarm":          {"notify-alarm-action", "alarm:db-1", "alarm:db-2", ""},
		"state change":   {"notify-alarm", `03:00:00.000+0000"`, `03:00:00.001+0000"`, ""},
		"description":    {"notify-alarm", "The processor", "A processor", "repeated"},
		"event of alarm": {"notify-alarm", "c4c1c1c9", "00000000", "repeated"},
		"health again":   {"notify-health", "7bf73129", "00000000", "repeated"},
		"health page":    {"notify-health", "345678-1", "345678-2", ""},
		"sns message":    {"notify-sns", "7c6d5e4f", "00000000", ""},
		"sns of alarm":   {"notify-alarm-sns", "95df01b4", "00000000", "m1"},
	} {
		t.Run(name, func(t *testing.T) {
			p := &press{}
			event := sample(t, c.event)
			_, err := p.notify(t, lambdaapp.NotifyTopics{}, event)
			require.NoError(t, err)
			require.Contains(t, event, c.old)
			result, err := p.notify(t, lambdaapp.NotifyTopics{}, strings.ReplaceAll(event, c.old, c.new))
			require.NoError(t, err)
			switch c.same {
			case "":
				require.Len(t, p.got, 2)
				require.Equal(t, "m2", result.MessageID)
			case "repeated": // the event itself goes along, and differs
				require.Len(t, p.got, 1)
				require.True(t, result.Repeated)
				require.Empty(t, result.MessageID)
			default:
				require.Len(t, p.got, 1)
				require.Equal(t, c.same, result.MessageID)
			}
		})
	}
}

// TestNotifyWithoutKey: what cannot be told from what comes later is a message each
// time.
func TestNotifyWithoutKey(t *testing.T) {
	for _, event := range []string{
		`{"message":"m"}`,
		`{"source":"a","detail-type":"b"}`,
		`{"Records":[{"EventSource":"aws:sns","Sns":{"Message":"m"}}]}`,
		`{"AlarmName":"a","NewStateValue":"OK"}`,
	} {
		p := &press{}
		for range 2 {
			_, err := p.notify(t, lambdaapp.NotifyTopics{}, event)
			require.NoError(t, err)
		}
		require.Len(t, p.got, 2, event)
		require.Empty(t, p.got[0].IdempotencyKey)
	}
	p := &press{}
	for range 2 {
		_, err := p.notify(t, lambdaapp.NotifyTopics{}, `{"message":"m","execution_id":"d32c5kddcf5bb8c3"}`)
		require.NoError(t, err)
	}
	require.Len(t, p.got, 1, "the execution alone tells it")
}

func TestNotifyChoosesTheTopic(t *testing.T) {
	const urn = "urn:smn:local:0123456789abcdef0123456789abcdef:"
	const elsewhere = "urn:smn:local:ffffffffffffffffffffffffffffffff:alarms"
	topics := lambdaapp.NotifyTopics{Default: topicURN, BySource: map[string]string{
		"aws.cloudwatch": urn + "alarms", "aws.sns": urn + "sns", "aws.scheduler": elsewhere, "com.example.shop": urn + "shop", "aws.health": urn + "health",
	}}
	input := func(fields string) string { return `{"message":"m",` + fields + `}` }
	for name, c := range map[string]struct{ event, want string }{
		"default":                 {sample(t, "notify-schedule"), topicURN},
		"alarm":                   {sample(t, "notify-alarm"), urn + "alarms"},
		"alarm itself":            {sample(t, "notify-alarm-action"), urn + "alarms"},
		"alarm by SNS":            {sample(t, "notify-alarm-composite-sns"), urn + "alarms"},
		"SNS":                     {sample(t, "notify-sns"), urn + "sns"},
		"health":                  {sample(t, "notify-health"), urn + "health"},
		"of another project":      {`{"message":"m"}`, elsewhere},
		"name before source":      {sample(t, "notify-own-event"), topicURN},
		"own source":              {input(`"source":"com.example.shop"`), urn + "shop"},
		"name":                    {input(`"topic_name":"other"`), urn + "other"},
		"URN":                     {input(`"topic_urn":"` + urn + `other"`), urn + "other"},
		"URN before name":         {input(`"topic_urn":"` + urn + `other","topic_name":"x"`), urn + "other"},
		"wrapped":                 {`{"Records":[{"EventSource":"aws:sns","Sns":{"Message":"{\"message\":\"m\",\"topic_name\":\"other\"}"}}]}`, urn + "other"},
		"AWS's unknown details":   {`{"source":"aws.kafka","detail-type":"x","detail":{"topic_name":"x"}}`, topicURN},
		"URN in a detail":         {`{"source":"a","detail-type":"x","detail":{"topic_urn":"` + urn + `other"}}`, urn + "other"},
		"something else":          {`{"source":"a","detail-type":"x","detail":{"topic_name":7}}`, topicURN},
		"AWS's details are AWS's": {`{"source":"aws.ecs","detail-type":"ECS Task State Change","detail":{"taskArn":"a","lastStatus":"RUNNING","topic_name":"x"}}`, topicURN},
	} {
		t.Run(name, func(t *testing.T) {
			p := &press{}
			result, err := p.notify(t, topics, c.event)
			require.NoError(t, err)
			require.Equal(t, c.want, result.TopicURN)
			require.Equal(t, c.want, p.got[0].TopicURN)
			topic, err := smn.ParseTopicURN(c.want)
			require.NoError(t, err)
			require.Equal(t, topic.Project, p.caller.Project)
		})
	}
	for fields, want := range map[string]string{
		`"topic_urn":"x"`:                               "its topic_urn: ",
		`"topic_urn":"` + elsewhere + `"`:               "its topic_urn is of another region or project than TOCSIN_NOTIFY_TOPIC",
		`"topic_urn":"urn:smn:other:` + project + `:x"`: "its topic_urn is of another region or project than TOCSIN_NOTIFY_TOPIC",
		`"topic_name":"no name"`:                        "its topic_name is no name of a topic",
		`"topic_name":7`:                                "the event cannot be read: ",
	} {
		p := &press{}
		_, err := p.notify(t, topics, input(fields))
		require.ErrorContains(t, err, want)
		require.Empty(t, p.got, "nothing is published")
	}
}

func TestNotifyKeepsTheRulesOfMessages(t *testing.T) {
	alarm := func(name string) string {
		event, err := json.Marshal(map[string]any{
			"source": "aws.cloudwatch", "detail-type": "CloudWatch Alarm State Change", "time": "2026-11-22T03:00:00Z",
			"detail": map[string]any{"alarmName": name, "state": map[string]string{"value": "OK"}},
		})
		require.NoError(t, err)
		return string(event)
	}
	for _, name := range []string{
		strings.Repeat("a", smn.MaxSubject-len("OK: ")), strings.Repeat("a", smn.MaxSubject-len("OK: ")+1), strings.Repeat("ü", smn.MaxSubject),
		strings.Repeat("😀", smn.MaxMessage/3), strings.Repeat("\x01", smn.MaxMessage), strings.Repeat(`"`, smn.MaxMessage/2), "two\nlines\r\n\u2028\x00",
	} {
		p := &press{}
		_, err := p.notify(t, lambdaapp.NotifyTopics{}, alarm(name)) // press checks as the service does
		require.NoError(t, err)
		in := p.got[0]
		require.True(t, utf8.ValidString(in.Subject))
		if strings.HasPrefix(name, "a") {
			require.Len(t, in.Subject, smn.MaxSubject)
		}
		require.Equal(t, len("OK: "+name) == smn.MaxSubject || name[0] == 't', !strings.HasSuffix(in.Subject, "…"))
		if len(name) > smn.MaxMessage/4 {
			require.NotContains(t, in.Structure, `\"event\"`, "the event is the first that is left out")
		}
	}
}

// TestNotifyOwnMessages: what a person wrote goes out as it was written.
func TestNotifyOwnMessages(t *testing.T) {
	text := strings.Repeat("m", 500)
	p := &press{}
	_, err := p.notify(t, lambdaapp.NotifyTopics{}, `{"message":"`+text+`"}`)
	require.NoError(t, err)
	texts, err := wire.ParseStructure(p.got[0].Structure)
	require.NoError(t, err)
	require.Equal(t, text, texts[smn.SMS].Value)
	require.Equal(t, text+"\n", texts[smn.DefaultVariant].Value)
	require.Equal(t, "Schedule: schedule", p.got[0].Subject)
}

func TestNotifySNSRecords(t *testing.T) {
	p := &press{}
	result, err := p.notify(t, lambdaapp.NotifyTopics{}, `{"Records":[
		{"EventSource":"aws:sns","Sns":{"MessageId":"1","TopicArn":"arn:aws:sns:r:1:deploys","Message":"one"}},
		{"EventSource":"aws:sns","Sns":{"MessageId":"2","TopicArn":"arn:aws:sns:r:1:deploys","Message":"{\"no\":\"event\"}"}}]}`)
	require.NoError(t, err)
	require.Len(t, p.got, 2)
	require.Equal(t, "Message of deploys", result.Subject)
	require.Contains(t, p.got[1].Structure, `{\"no\":\"event\"}`, "what is no event is a text")
}

func TestNotifyFails(t *testing.T) {
	const unknown = "the event is none of EventBridge, EventBridge Scheduler, CloudWatch or SNS, and has no message"
	for name, c := range map[string]struct{ event, err string }{
		"a request":         {`{"version":"2.0","rawPath":"/"}`, unknown},
		"nothing":           {`{}`, unknown},
		"null":              {`null`, unknown},
		"only an execution": {`{"execution_id":"d32c5kddcf5bb8c3"}`, unknown},
		"no records":        {`{"Records":[]}`, unknown},
		"other records":     {`{"Records":[{"EventSource":"aws:s3"}]}`, `no notification is made of records of "aws:s3"`},
		"no object":         {`[]`, "the event cannot be read: "},
		"no JSON":           {`{`, "the event cannot be read: "},
		"another type":      {`{"source":1}`, "the event cannot be read: "},
		"no alarm":          {`{"id":"7","source":"aws.cloudwatch","detail-type":"CloudWatch Alarm State Change","detail":{}}`, "event 7 of aws.cloudwatch: the alarm has no name or no state"},
		"no alarm itself":   {`{"source":"aws.cloudwatch","alarmData":{}}`, "the alarm has no name or no state"},
		"no name":           {`{"NewStateValue":"OK"}`, "the alarm has no name or no state"},
		"no detail":         {`{"id":"7","source":"aws.cloudwatch","detail-type":"CloudWatch Alarm State Change"}`, "event 7 of aws.cloudwatch: read detail: "},
		"no service":        {`{"id":"7","source":"aws.health","detail-type":"AWS Health Event","detail":{}}`, "event 7 of aws.health: the detail names no service or no type"},
		"no task":           {`{"id":"7","source":"aws.ecs","detail-type":"ECS Task State Change","detail":{}}`, "event 7 of aws.ecs: the detail names no task or no status"},
	} {
		t.Run(name, func(t *testing.T) {
			p := &press{}
			_, err := p.notify(t, lambdaapp.NotifyTopics{}, c.event)
			require.ErrorContains(t, err, c.err)
			require.Empty(t, p.got, "nothing is published")
		})
	}
}

func TestNotifyReturnsTheErrorOfThePublish(t *testing.T) {
	p := &press{err: smn.Errorf(smn.Overloaded, "later")}
	_, err := p.notify(t, lambdaapp.NotifyTopics{}, `{"source":"aws.events","detail-type":"Scheduled Event"}`)
	require.Equal(t, smn.Overloaded, smn.CodeOf(err), "so that Lambda tries again")
	var known *smn.Error
	require.ErrorAs(t, err, &known)
}

// FuzzNotify: whatever comes, it is a message that keeps the rules, or an error that
// is not the publish's.
func FuzzNotify(f *testing.F) {
	for _, name := range samples(f) {
		f.Add([]byte(sample(f, name)))
	}
	for _, event := range []string{
		`{"message":"\ud800"}`, `{"message":"` + "\xff" + `"}`, `{"subject":"\u0000","message":" "}`, `{"schedule_arn":"/"}`,
		`{"source":"a","detail-type":"b","detail":"text","resources":[""]}`, `{"alarmData":{"alarmName":" ","state":{"value":"\n"}}}`,
		`{"Records":[{"EventSource":"aws:sns","Sns":{"Message":"{"}}]}`, `{"Records":[null]}`,
	} {
		f.Add([]byte(event))
	}
	f.Fuzz(func(t *testing.T, event []byte) {
		p := &press{}
		result, err := p.notify(t, lambdaapp.NotifyTopics{}, string(event))
		if err != nil {
			require.Empty(t, p.got, "nothing is published")
			require.Contains(t, []smn.Code{smn.Internal, smn.InvalidTopicURN}, smn.CodeOf(err), "the message breaks a rule: %s", err)
			return
		}
		require.NotEmpty(t, result.Subject)
		_ = spelt(t, p.got[len(p.got)-1])
	})
}
