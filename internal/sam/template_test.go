package sam

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"tocsin/shared/deliver"
	"tocsin/shared/lambdaapp"
)

// stacks are the ways to deploy the template that differ.
var stacks = map[string]map[string]any{
	"aws": {"UserName": "admin"},
	"aws with all": {
		"CredentialsSecret": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:people-AbCdEf", "ProjectId": strings.Repeat("a", 32), "ServiceRegion": "eu-de",
		"PublicUrl": "https://notify.example.com", "AlarmTopic": "arn:aws:sns:eu-west-1:123456789012:pager", "NotifySnsTopic": "arn:aws:sns:eu-west-1:123456789012:events",
		"MailFrom": "notify@example.com", "MailIdentity": "example.com", "SesConfigurationSet": "tocsin", "SmsMonthlySpend": "50",
	},
	"aws with a table": {"RestoredTable": "tocsin-restored"},
	"remote": {
		"Backend": "remote", "RemoteUrl": "https://smn.example.com", "ServiceRegion": "eu-de", "ProjectId": strings.Repeat("a", 32), "AccessKey": "A", "SecretKey": "S",
	},
	"remote with SMS": {"Backend": "remote", "SmsMonthlySpend": "50", "SesConfigurationSet": "tocsin"},
}

// eachStack runs a test on each of the stacks.
func eachStack(t *testing.T, template Template, test func(t *testing.T, s *Stack)) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(stacks)) {
		t.Run(name, func(t *testing.T) { test(t, NewStack(t, template, stacks[name])) })
	}
}

func TestNothingIsMissing(t *testing.T) {
	eachStack(t, Read(t), func(t *testing.T, s *Stack) { require.Empty(t, s.Missing) })

	broken := Read(t)
	delete(broken.Resources, "Queue")
	require.Contains(t, NewStack(t, broken, stacks["aws"]).Missing, "Queue", "what is missing is found")
}

func TestRemoteKeepsNothing(t *testing.T) {
	s := NewStack(t, Read(t), stacks["remote"])
	for _, id := range []string{"Table", "Queue", "DeadLetters", "DeliverFunction", "MnsFunction", "TokenKeyPolicy", "SigningKeyPolicy"} {
		require.NotContains(t, s.Resources, id)
	}
	for _, p := range s.Permissions(t, "PublishFunction") {
		require.Regexp(t, "^(logs|xray):", p.Action)
	}
}

// Without a project the stack has one of its own, which is the UUID at the end of
// its id.
func TestProjectOfTheStack(t *testing.T) {
	require.Equal(t, "1c2fa620982a11e3aff750e2416294e0", NewStack(t, Read(t), stacks["aws"]).Outputs["ProjectId"]["Value"])
	require.Equal(t, strings.Repeat("a", 32), NewStack(t, Read(t), stacks["aws with all"]).Outputs["ProjectId"]["Value"])
}

// What is kept survives the stack, and can be had back.
func TestTableIsSafe(t *testing.T) {
	table := Read(t).Resources["Table"]
	require.Equal(t, "Retain", table["DeletionPolicy"])
	require.Equal(t, "Retain", table["UpdateReplacePolicy"])
	properties := NewStack(t, Read(t), stacks["aws"]).Resources["Table"]["Properties"].(map[string]any)
	require.Equal(t, true, properties["DeletionProtectionEnabled"])
	require.Equal(t, map[string]any{"PointInTimeRecoveryEnabled": true, "RecoveryPeriodInDays": 35}, properties["PointInTimeRecoverySpecification"])
	require.Equal(t, map[string]any{"SSEEnabled": true}, properties["SSESpecification"])
	for id, queue := range NewStack(t, Read(t), stacks["aws"]).Resources {
		if queue["Type"] == "AWS::SQS::Queue" {
			require.Equal(t, true, queue["Properties"].(map[string]any)["SqsManagedSseEnabled"], id)
		}
	}
}

func TestRestoredTable(t *testing.T) {
	s := NewStack(t, Read(t), stacks["aws with a table"])
	require.NotContains(t, s.Resources, "Table", "it is left behind")
	require.Equal(t, "tocsin-restored", s.Outputs["TableName"]["Value"])
	require.Contains(t, s.Permissions(t, "PublishFunction"), Permission{
		Action: "dynamodb:PutItem", Resource: "arn:aws:dynamodb:eu-west-1:123456789012:table/tocsin-restored",
	})
}

// A task that an instance has must stay hidden until the instance is surely gone:
// AWS asks for six times the timeout.
func TestVisibility(t *testing.T) {
	s := NewStack(t, Read(t), stacks["aws"])
	visibility := s.Resources["Queue"]["Properties"].(map[string]any)["VisibilityTimeout"].(int)
	timeout := s.Resources["DeliverFunction"]["Properties"].(map[string]any)["Timeout"].(int)
	require.GreaterOrEqual(t, visibility, 6*timeout)
}

// An instance of deliver begins attempts for a while, has time for the longest of them,
// and is gone when another may have its chunks.
func TestDeliverEndsInTime(t *testing.T) {
	s := NewStack(t, Read(t), stacks["aws"])
	timeout := time.Duration(s.Resources["DeliverFunction"]["Properties"].(map[string]any)["Timeout"].(int)) * time.Second
	require.GreaterOrEqual(t, timeout, lambdaapp.LastSend+20*time.Second)
	require.LessOrEqual(t, timeout, deliver.Lease)
	require.Greater(t, lambdaapp.LastSend, deliver.MaxAttempt)
}

// unbounded are the actions that know no resources.
var unbounded = []string{"xray:PutTraceSegments", "xray:PutTelemetryRecords", "sns:Publish"}

func TestPoliciesAreNarrow(t *testing.T) {
	eachStack(t, Read(t), func(t *testing.T, s *Stack) {
		for id, r := range s.Resources {
			if r["Type"] != "AWS::Serverless::Function" {
				continue
			}
			permissions := s.Permissions(t, id)
			require.NotEmpty(t, permissions, id)
			for _, p := range permissions {
				require.NotContains(t, p.Action, "*", "%s: %s", id, p)
				require.Regexp(t, `^[a-z]+:[A-Z]`, p.Action, id)
				switch {
				case p.Resource == "*":
					require.Contains(t, unbounded, p.Action, "%s: %s", id, p)
				case strings.HasPrefix(p.Action, "sns:"):
					require.True(t, p.Deny, "%s: %s", id, p)
				default:
					require.Regexp(t, `^arn:aws:[a-z]+:eu-west-1:123456789012:[^*]+\*?$`, p.Resource, "%s: %s", id, p)
				}
			}
		}
	})
}

// Whoever reads that all resources are meant can read why.
func TestStarsAreExplained(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(Root(), "template.yaml"))
	require.NoError(t, err)
	lines, stars := strings.Split(string(text), "\n"), 0
	for i, line := range lines {
		if strings.Contains(line, `Resource: "*"`) {
			stars++
			above := strings.Join(lines[max(0, i-6):i], "\n")
			require.True(t, strings.Contains(line, " # ") || strings.Contains(above, "# "), "line %d", i+1)
		}
	}
	require.Equal(t, 2, stars)
}

// Limits of IAM, in characters without white space.
func TestPoliciesAreSmall(t *testing.T) {
	const maxInline, maxManaged = 10_240, 6_144
	eachStack(t, Read(t), func(t *testing.T, s *Stack) {
		for id, r := range s.Resources {
			switch r["Type"] {
			case "AWS::IAM::ManagedPolicy":
				require.Less(t, sizeOf(t, r["Properties"].(map[string]any)["PolicyDocument"]), maxManaged, id)
			case "AWS::IAM::Role":
				size := 0
				for _, document := range s.policies(t, id) {
					size += sizeOf(t, document)
				}
				require.Less(t, size, maxInline, id)
			}
		}
	})
}

func sizeOf(t *testing.T, value any) int {
	t.Helper()
	text, err := json.Marshal(value)
	require.NoError(t, err)
	return len(text)
}

// Alarms reach people without Tocsin, whose trouble they tell of, and each has a
// paragraph that says what to do.
func TestAlarms(t *testing.T) {
	document, err := os.ReadFile(filepath.Join(Root(), "docs/operations.md"))
	require.NoError(t, err)
	var documented []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z0-9-]+)` \\|").FindAllSubmatch(document, -1) {
		documented = append(documented, string(row[1]))
	}
	eachStack(t, Read(t), func(t *testing.T, s *Stack) {
		var actions any
		if topic := s.parameters["AlarmTopic"]; topic != "" {
			actions = []any{topic}
		}
		for _, id := range []string{"ApiErrorsAlarm", "ApiThrottlesAlarm"} {
			all := watched(s.Resources[id]["Properties"].(map[string]any)["Metrics"].([]any))
			require.ElementsMatch(t, s.functions(true), all, id)
			require.LessOrEqual(t, len(all), 10, "%s: no alarm adds up more metrics", id)
		}
		alarms := 0
		for id, r := range s.Resources {
			if r["Type"] != "AWS::CloudWatch::Alarm" {
				continue
			}
			alarms++
			alarm := r["Properties"].(map[string]any)
			require.Equal(t, actions, alarm["AlarmActions"], id)
			require.Equal(t, actions, alarm["OKActions"], id)
			name, ok := strings.CutPrefix(alarm["AlarmName"].(string), "tocsin-")
			require.True(t, ok, "the rule for other alarms leaves those out that begin with the name of the stack")
			require.Contains(t, documented, name, "docs/operations.md says nothing about it")
			require.NotEmpty(t, alarm["AlarmDescription"], id)
		}
		require.GreaterOrEqual(t, alarms, 5)
	})
	s := NewStack(t, Read(t), stacks["aws"])
	pattern := s.Resources["NotifyFunction"]["Properties"].(map[string]any)["Events"].(map[string]any)["Alarm"].(map[string]any)["Properties"].(map[string]any)["Pattern"]
	require.Contains(t, fmt.Sprint(pattern), "anything-but:map[prefix:tocsin-]")
}

// functions are all functions of a stack, or those behind its API alone.
func (s *Stack) functions(behindAPI bool) (ids []string) {
	for id, r := range s.Resources {
		if r["Type"] != "AWS::Serverless::Function" {
			continue
		}
		events, _ := r["Properties"].(map[string]any)["Events"].(map[string]any)
		isRoute := func(event any) bool { return event.(map[string]any)["Type"] == "HttpApi" }
		if !behindAPI || slices.ContainsFunc(slices.Collect(maps.Values(events)), isRoute) {
			ids = append(ids, id)
		}
	}
	return ids
}

// watched are the functions whose metrics an alarm adds up.
func watched(metrics []any) (ids []string) {
	for _, m := range metrics {
		if stat, ok := m.(map[string]any)["MetricStat"].(map[string]any); ok {
			dimensions := stat["Metric"].(map[string]any)["Dimensions"].([]any)
			ids = append(ids, dimensions[0].(map[string]any)["Value"].(string))
		}
	}
	return ids
}

func TestDashboardIsJSON(t *testing.T) {
	s := NewStack(t, Read(t), stacks["aws"])
	var dashboard struct {
		Widgets []struct {
			X, Y, Width, Height int
			Properties          struct {
				Title   string
				Metrics []any
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(s.Resources["Dashboard"]["Properties"].(map[string]any)["DashboardBody"].(string)), &dashboard))
	require.Len(t, dashboard.Widgets, 12)
	var errors []any
	for _, w := range dashboard.Widgets {
		require.NotEmpty(t, w.Properties.Title)
		require.NotEmpty(t, w.Properties.Metrics, w.Properties.Title)
		require.LessOrEqual(t, w.X+w.Width, 24, w.Properties.Title)
		if w.Properties.Title == "Errors of functions" {
			errors = w.Properties.Metrics
		}
	}
	all := s.functions(false)
	require.Len(t, errors, len(all))
	for _, id := range all {
		require.Contains(t, fmt.Sprint(errors), " "+id+"]", "nobody would see it fail")
	}
}

// What does not reach notify lies where the alarm looks.
func TestEventsOfNotifyAreKept(t *testing.T) {
	s := NewStack(t, Read(t), stacks["aws"])
	kept := s.attribute("NotifyFailures", "Arn")
	events := s.Resources["NotifyFunction"]["Properties"].(map[string]any)["Events"].(map[string]any)
	require.Len(t, events, 3)
	for name, event := range events {
		require.Equal(t, map[string]any{"Arn": kept}, event.(map[string]any)["Properties"].(map[string]any)["DeadLetterConfig"], name)
	}
}

// EventBridge Scheduler puts its own values into the input, which must be JSON.
func TestTimetableInput(t *testing.T) {
	s := NewStack(t, Read(t), stacks["aws"])
	input := s.Resources["NotifyFunction"]["Properties"].(map[string]any)["Events"].(map[string]any)["Timetable"].(map[string]any)["Properties"].(map[string]any)["Input"].(string)
	var event map[string]any
	require.NoError(t, json.Unmarshal([]byte(input), &event))
	require.Equal(t, "<aws.scheduler.execution-id>", event["execution_id"], "what is sent twice is published once")
}

// Parameters say what they are, have safe defaults, and what is secret is hidden.
func TestParameters(t *testing.T) {
	template := Read(t)
	text, err := os.ReadFile(filepath.Join(Root(), "template.yaml"))
	require.NoError(t, err)
	for name, p := range template.Parameters {
		require.NotEmpty(t, p["Description"], name)
		require.Contains(t, p, "Default", name)
		isSecret := regexp.MustCompile(`^(Password|SecretKey|AccessKey|SmtpUrl)$`).MatchString(name)
		require.Equal(t, isSecret, p["NoEcho"] == true, name)
		require.GreaterOrEqual(t, len(regexp.MustCompile(`\b`+name+`\b`).FindAllString(string(text), -1)), 3, "%s is declared, grouped and used", name)
	}
	require.Equal(t, 0, template.Parameters["SmsMonthlySpend"]["Default"], "an SMS costs money")
	require.Equal(t, "DISABLED", template.Parameters["NotifyAlarmState"]["Default"])
}

func TestReferences(t *testing.T) {
	var n yaml.Node
	require.NoError(t, yaml.Unmarshal([]byte(`
a: !Ref A
b: [!GetAtt B.Arn, !Sub "${C}-${D.Arn}-${!E}-${F}"]
c: !If [G, !Ref H, !Sub ["${I}${J}", {I: !Ref K}]]
`), &n))
	var value any
	require.NoError(t, lengthen(n.Content[0]).Decode(&value))
	require.Equal(t, []string{"A", "B", "C", "D", "F", "H", "J", "K"}, References(value))
}

func TestDifferences(t *testing.T) {
	allowed := []Permission{
		{Action: "dynamodb:GetItem", Resource: "arn:table/T"},
		{Action: "dynamodb:PutItem", Resource: "arn:table/T"},
		{Action: "secretsmanager:GetSecretValue", Resource: "arn:secret:tocsin/*"},
		{Action: "sns:Publish", Resource: "*"},
		{Deny: true, Action: "sns:Publish", Resource: "arn:aws:sns:*:*:*"},
	}
	require.Equal(t, []string{
		"allowed and never done: dynamodb:PutItem on arn:table/T",
		"done and not allowed: dynamodb:GetItem on arn:table/U",
		"done and not allowed: secretsmanager:GetSecretValue on arn:secret:other",
		"done and not allowed: sns:Publish on arn:aws:sns:eu-west-1:123456789012:topic",
	}, Differences(allowed, []Permission{
		{Action: "dynamodb:GetItem", Resource: "arn:table/T"},
		{Action: "dynamodb:GetItem", Resource: "arn:table/T"},
		{Action: "dynamodb:GetItem", Resource: "arn:table/U"},
		{Action: "secretsmanager:GetSecretValue", Resource: "arn:secret:tocsin/token.key"},
		{Action: "secretsmanager:GetSecretValue", Resource: "arn:secret:other"},
		{Action: "sns:Publish", Resource: "+49"},
		{Action: "sns:Publish", Resource: "arn:aws:sns:eu-west-1:123456789012:topic"},
	}))
}
