package lambdaapp

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// alarmDetail is what CloudWatch says about an alarm that has changed.
type alarmDetail struct {
	AlarmName     string     `json:"alarmName"`
	State         alarmState `json:"state"`
	PreviousState alarmState `json:"previousState"`
	Configuration struct {
		Description string `json:"description"`
		Metrics     []struct {
			Expression string `json:"expression"` // of a metric that is computed
			MetricStat *struct {
				Metric struct {
					Namespace  string            `json:"namespace"`
					Name       string            `json:"name"`
					Dimensions map[string]string `json:"dimensions"`
				} `json:"metric"`
				Period int    `json:"period"` // seconds
				Stat   string `json:"stat"`
			} `json:"metricStat"`
		} `json:"metrics"`
	} `json:"configuration"`
}

type alarmState struct {
	Value  string `json:"value"` // OK, ALARM or INSUFFICIENT_DATA
	Reason string `json:"reason"`
}

// spellAlarm puts a state change of an alarm into words.
func spellAlarm(e events.EventBridgeEvent) (notice, error) {
	var d alarmDetail
	if err := json.Unmarshal(e.Detail, &d); err != nil {
		return notice{}, fmt.Errorf("read detail: %w", err)
	}
	if d.AlarmName == "" || d.State.Value == "" {
		return notice{}, errors.New("the detail names no alarm or no state")
	}
	message := "The alarm " + d.AlarmName + " is in state " + d.State.Value
	if d.PreviousState.Value != "" {
		message += ", was " + d.PreviousState.Value
	}
	facts := [][2]string{
		{"Reason", d.State.Reason},
		{"Description", d.Configuration.Description},
	}
	for _, m := range d.Configuration.Metrics {
		switch {
		case m.MetricStat != nil:
			stat := m.MetricStat
			metric := stat.Metric.Namespace + " " + stat.Metric.Name
			if len(stat.Metric.Dimensions) > 0 {
				metric += " of " + dimensions(stat.Metric.Dimensions)
			}
			facts = append(facts, [2]string{"Metric", fmt.Sprintf("%s, %s over %s", metric, stat.Stat, time.Duration(stat.Period)*time.Second)})
		case m.Expression != "":
			facts = append(facts, [2]string{"Expression", m.Expression})
		}
	}
	facts = append(facts, [2]string{"Time", e.Time.UTC().Format(time.RFC3339)}, place(e))
	return notice{
		subject: d.State.Value + ": " + d.AlarmName,
		message: message + ".\n\n" + lines(facts...),
	}, nil
}

func dimensions(d map[string]string) string {
	pairs := make([]string, 0, len(d))
	for _, name := range slices.Sorted(maps.Keys(d)) {
		pairs = append(pairs, name+"="+d[name])
	}
	return strings.Join(pairs, ", ")
}
