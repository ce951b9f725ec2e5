package lambdaapp

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"tocsin/shared/notice"
)

// alarm is a state change of a CloudWatch alarm as EventBridge tells it in the
// detail, and an alarm that invokes the function itself in alarmData.
type alarm struct {
	AlarmName     string     `json:"alarmName"`
	State         alarmState `json:"state"`
	PreviousState alarmState `json:"previousState"`
	Configuration struct {
		Description string        `json:"description"`
		Metrics     []alarmMetric `json:"metrics"`
		AlarmRule   string        `json:"alarmRule"` // of a composite alarm
		Suppressor  string        `json:"actionsSuppressor"`
	} `json:"configuration"`

	triggers []triggeringAlarm // of a composite alarm, if they are not in the ReasonData
}

type alarmState struct {
	Value      string `json:"value"` // OK, ALARM or INSUFFICIENT_DATA
	Reason     string `json:"reason"`
	ReasonData string `json:"reasonData"` // JSON
	Timestamp  string `json:"timestamp"`

	SuppressedBy     string `json:"actionsSuppressedBy"`
	SuppressedReason string `json:"actionsSuppressedReason"`
}

type alarmMetric struct {
	Expression string      `json:"expression"` // of a metric that is computed
	MetricStat *metricStat `json:"metricStat"`
}

type metricStat struct {
	Metric struct {
		Namespace  string            `json:"namespace"`
		Name       string            `json:"name"`
		Dimensions map[string]string `json:"dimensions"`
	} `json:"metric"`
	Period int    `json:"period"` // seconds
	Stat   string `json:"stat"`
}

// triggeringAlarm is one that has changed a composite alarm.
type triggeringAlarm struct {
	ARN   string `json:"arn"`
	State struct {
		Value string `json:"value"`
	} `json:"state"`
}

func spellAlarmEvent(e bridgeEvent) (notice.Notice, error) {
	var a alarm
	if err := json.Unmarshal(e.Detail, &a); err != nil {
		return notice.Notice{}, fmt.Errorf("read detail: %w", err)
	}
	arn := ""
	if len(e.Resources) > 0 {
		arn = e.Resources[0]
	}
	return a.spell(arn, e.Time, e.Account, e.Region)
}

// readAlarmAction reads what an alarm sends that has the function among its
// actions.
func readAlarmAction(event json.RawMessage) (happening, error) {
	var e struct {
		AlarmARN  string `json:"alarmArn"`
		AccountID string `json:"accountId"`
		Time      string `json:"time"`
		Region    string `json:"region"`
		AlarmData alarm  `json:"alarmData"`
	}
	if err := readObject(event, &e); err != nil {
		return happening{}, err
	}
	n, err := e.AlarmData.spell(e.AlarmARN, e.Time, e.AccountID, e.Region)
	n.Event = event
	return happening{Notice: n}, err
}

// spell puts a state change into words. Its Key is the same by whatever way the
// alarm comes, so that one that comes by two ways is one message.
func (a alarm) spell(arn, at, account, region string) (notice.Notice, error) {
	if a.AlarmName == "" || a.State.Value == "" {
		return notice.Notice{}, errors.New("the alarm has no name or no state")
	}
	summary := "The alarm " + a.AlarmName + " is in state " + a.State.Value
	if a.PreviousState.Value != "" {
		summary += ", was " + a.PreviousState.Value
	}
	facts := [][2]string{
		{"Reason", a.State.Reason},
		{"Description", a.Configuration.Description},
	}
	for _, m := range a.Configuration.Metrics {
		switch {
		case m.MetricStat != nil:
			stat := m.MetricStat
			metric := stat.Metric.Namespace + " " + stat.Metric.Name
			if len(stat.Metric.Dimensions) > 0 {
				metric += " of " + notice.Pairs(stat.Metric.Dimensions)
			}
			facts = append(facts, [2]string{"Metric", fmt.Sprintf("%s, %s over %s", metric, stat.Stat, time.Duration(stat.Period)*time.Second)})
		case m.Expression != "":
			facts = append(facts, [2]string{"Expression", m.Expression})
		}
	}
	if at == "" {
		at = a.State.Timestamp
	}
	at = notice.Time(at)
	brief, by := a.State.Reason, a.triggeredBy()
	if by != "" {
		brief = "Triggered by " + by // the reason has ARNs
	}
	facts = append(facts, [][2]string{
		{"Rule", a.Configuration.AlarmRule},
		{"Triggered by", by},
		{"Suppressor", a.Configuration.Suppressor},
		{"Suppressed by", strings.TrimSpace(a.State.SuppressedBy + " " + parenthesis(a.State.SuppressedReason))},
		{"Time", at},
		place(account, region),
		{"Alarm", arn},
	}...)
	n := notice.Notice{
		Source:  "aws.cloudwatch",
		State:   a.State.Value,
		Time:    at,
		Subject: a.State.Value + ": " + a.AlarmName,
		Brief:   brief,
		Summary: summary + ".",
		Facts:   facts,
	}
	if arn != "" && a.State.Timestamp != "" {
		n.Key = []string{"alarm", arn, a.State.Value, a.State.Timestamp}
	}
	return n, nil
}

// triggeredBy names the alarms that have changed a composite one, and their states.
func (a alarm) triggeredBy() string {
	var data struct {
		TriggeringAlarms []triggeringAlarm `json:"triggeringAlarms"`
	}
	if json.Unmarshal([]byte(a.State.ReasonData), &data) != nil {
		data.TriggeringAlarms = nil // it is there for programs; the reason says it, too
	}
	var list []string
	for _, t := range append(data.TriggeringAlarms, a.triggers...) {
		_, name, ok := strings.Cut(t.ARN, ":alarm:")
		if !ok {
			name = t.ARN
		}
		list = append(list, strings.TrimSpace(name+" "+parenthesis(t.State.Value)))
	}
	return strings.Join(list, ", ")
}

func parenthesis(s string) string {
	if s == "" {
		return ""
	}
	return "(" + s + ")"
}
