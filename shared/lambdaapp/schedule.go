package lambdaapp

import (
	"encoding/json"
	"strings"

	"tocsin/shared/notice"
)

// spellRule puts a tick into words: of a rule of EventBridge, or of a schedule of
// EventBridge Scheduler that has no input of its own.
func spellRule(e bridgeEvent) (notice.Notice, error) {
	arn := ""
	if len(e.Resources) > 0 {
		arn = e.Resources[0]
	}
	n := spellSchedule(arn, notice.Time(e.Time))
	n.Facts = append(n.Facts, place(e.Account, e.Region))
	return n, nil
}

func spellSchedule(arn, at string) notice.Notice {
	name := arn[strings.LastIndexByte(arn, '/')+1:] // …:rule/{name}, …:schedule/{group}/{name}
	if name == "" {
		name = "schedule"
	}
	return notice.Notice{
		Time:    at,
		Subject: "Schedule: " + name,
		Brief:   "Due at " + at,
		Summary: "The schedule " + name + " is due.",
		Facts:   [][2]string{{"Time", at}, {"Schedule", arn}},
	}
}

// scheduleInput is what a schedule of EventBridge Scheduler can be given as input,
// and a rule of EventBridge. Everything may be left out but that which says
// something.
type scheduleInput struct {
	Source    string `json:"source"` // for the choice of the topic; aws.scheduler unless given
	TopicURN  string `json:"topic_urn"`
	TopicName string `json:"topic_name"`
	Subject   string `json:"subject"`
	Message   string `json:"message"`

	// What EventBridge Scheduler puts in place of <aws.scheduler.schedule-arn>,
	// <aws.scheduler.scheduled-time> and <aws.scheduler.execution-id>.
	ScheduleARN   string `json:"schedule_arn"`
	ScheduledTime string `json:"scheduled_time"`
	ExecutionID   string `json:"execution_id"`
}

// readInput reads an input that was written for this function.
func readInput(event json.RawMessage) (happening, error) {
	var in scheduleInput
	if err := readObject(event, &in); err != nil {
		return happening{}, err
	}
	if in.Subject == "" && in.Message == "" && in.ScheduleARN == "" {
		return happening{}, errUnknownEvent
	}
	n := spellSchedule(in.ScheduleARN, notice.Time(in.ScheduledTime))
	if in.ScheduledTime == "" {
		n.Brief = ""
	}
	if in.Subject != "" {
		n.Subject = in.Subject
	}
	if in.Message != "" {
		n.Summary, n.SMS, n.Facts = in.Message, in.Message, nil
	} else if in.Subject != "" {
		n.Summary = in.Subject
	}
	n.Source = orElse(in.Source, "aws.scheduler")
	n.Event = event
	n.Key = in.key()
	return happening{Notice: n, topicURN: in.TopicURN, topicName: in.TopicName}, nil
}

// key is that of one time at which a schedule was due, however often it was tried.
// The execution id may be another one for each attempt of EventBridge Scheduler; it
// stays the same when Lambda repeats the invocation.
func (in scheduleInput) key() []string {
	switch {
	case in.ScheduleARN != "" && in.ScheduledTime != "":
		return []string{"schedule", in.ScheduleARN, in.ScheduledTime}
	case in.ExecutionID != "":
		return []string{"execution", in.ExecutionID}
	}
	return nil
}
