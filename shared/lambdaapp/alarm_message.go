package lambdaapp

import "encoding/json"

// alarmMessage is what an alarm sends to SNS: the same by other names.
type alarmMessage struct {
	AlarmName        string `json:"AlarmName"`
	AlarmDescription string `json:"AlarmDescription"`
	AWSAccountID     string `json:"AWSAccountId"`
	NewStateValue    string `json:"NewStateValue"`
	NewStateReason   string `json:"NewStateReason"`
	StateChangeTime  string `json:"StateChangeTime"`
	Region           string `json:"Region"` // as people call it: EU (Frankfurt)
	AlarmARN         string `json:"AlarmArn"`
	OldStateValue    string `json:"OldStateValue"`

	Trigger struct { // of a metric alarm
		messageMetric
		Statistic string `json:"Statistic"`
		Period    int    `json:"Period"`
		Metrics   []struct {
			Expression string `json:"Expression"`
			MetricStat *struct {
				Metric messageMetric `json:"Metric"`
				Period int           `json:"Period"`
				Stat   string        `json:"Stat"`
			} `json:"MetricStat"`
		} `json:"Metrics"` // if the alarm looks at several
	} `json:"Trigger"`

	AlarmRule string `json:"AlarmRule"` // of a composite alarm
	Children  []struct {
		ARN   string `json:"Arn"`
		State struct {
			Value string `json:"Value"`
		} `json:"State"`
	} `json:"TriggeringChildren"`
	SuppressedBy     string `json:"ActionsSuppressedBy"`
	SuppressedReason string `json:"ActionsSuppressedReason"`
}

type messageMetric struct {
	MetricName string `json:"MetricName"`
	Namespace  string `json:"Namespace"`
	Dimensions []struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	} `json:"Dimensions"`
}

// readAlarmMessage reads an alarm that has gone by SNS.
func readAlarmMessage(message json.RawMessage) (happening, error) {
	var m alarmMessage
	if err := readObject(message, &m); err != nil {
		return happening{}, err
	}
	a := alarm{
		AlarmName: m.AlarmName,
		State: alarmState{
			Value: m.NewStateValue, Reason: m.NewStateReason, Timestamp: m.StateChangeTime,
			SuppressedBy: m.SuppressedBy, SuppressedReason: m.SuppressedReason,
		},
		PreviousState: alarmState{Value: m.OldStateValue},
	}
	a.Configuration.Description, a.Configuration.AlarmRule = m.AlarmDescription, m.AlarmRule
	if m.Trigger.MetricName != "" {
		a.Configuration.Metrics = append(a.Configuration.Metrics, m.Trigger.metric(m.Trigger.Period, m.Trigger.Statistic))
	}
	for _, of := range m.Trigger.Metrics {
		if of.MetricStat != nil {
			a.Configuration.Metrics = append(a.Configuration.Metrics, of.MetricStat.Metric.metric(of.MetricStat.Period, of.MetricStat.Stat))
		} else {
			a.Configuration.Metrics = append(a.Configuration.Metrics, alarmMetric{Expression: of.Expression})
		}
	}
	for _, c := range m.Children {
		t := triggeringAlarm{ARN: c.ARN}
		t.State.Value = c.State.Value
		a.triggers = append(a.triggers, t)
	}
	n, err := a.spell(m.AlarmARN, m.StateChangeTime, m.AWSAccountID, m.Region)
	n.Event = message
	return happening{Notice: n}, err
}

// metric is the same as EventBridge spells it.
func (m messageMetric) metric(period int, stat string) alarmMetric {
	out := metricStat{Period: period, Stat: stat}
	out.Metric.Namespace, out.Metric.Name, out.Metric.Dimensions = m.Namespace, m.MetricName, map[string]string{}
	for _, d := range m.Dimensions {
		out.Metric.Dimensions[d.Name] = d.Value
	}
	return alarmMetric{MetricStat: &out}
}
