package lambdaapp

import (
	"encoding/json"
	"errors"
	"fmt"

	"tocsin/shared/notice"
)

// happening is an event that was read: its words, and the topic that it asks for.
type happening struct {
	notice.Notice
	topicURN, topicName string
}

// bridgeEvent is an event of EventBridge. Its time is a text: what sends events
// with own details need not keep the form.
type bridgeEvent struct {
	ID         string          `json:"id"`
	Source     string          `json:"source"`
	DetailType string          `json:"detail-type"`
	Account    string          `json:"account"`
	Region     string          `json:"region"`
	Time       string          `json:"time"`
	Resources  []string        `json:"resources"`
	Detail     json.RawMessage `json:"detail"`
}

// spellings say which events of EventBridge are known, by source and detail-type.
// All others have words, too: see spellAny.
var spellings = map[[2]string]func(bridgeEvent) (notice.Notice, error){
	{"aws.events", "Scheduled Event"}:                   spellRule,
	{"aws.scheduler", "Scheduled Event"}:                spellRule, // a schedule without an input of its own
	{"aws.cloudwatch", "CloudWatch Alarm State Change"}: spellAlarmEvent,
	{"aws.health", "AWS Health Event"}:                  spellHealth,
	{"aws.health", "AWS Health Abuse Event"}:            spellHealth,
	{"aws.ecs", "ECS Task State Change"}:                spellTask,
}

var errUnknownEvent = errors.New("the event is none of EventBridge, EventBridge Scheduler, CloudWatch or SNS, and has no message")

// readEvent reads what invoked the function. What SNS carries may itself be an
// event; anything else is a text.
func readEvent(event json.RawMessage) ([]happening, error) {
	var outer struct {
		Records []snsRecord `json:"Records"`
	}
	if err := readObject(event, &outer); err != nil {
		return nil, err
	}
	if outer.Records == nil {
		h, err := readOne(event)
		return []happening{h}, err
	}
	var all []happening
	for _, record := range outer.Records {
		h, err := record.read()
		if err != nil {
			return nil, err
		}
		all = append(all, h)
	}
	if len(all) == 0 {
		return nil, errUnknownEvent
	}
	return all, nil
}

// readOne reads an event that nothing is wrapped around.
func readOne(event json.RawMessage) (happening, error) {
	var kind struct {
		bridgeEvent
		AlarmData json.RawMessage `json:"alarmData"`     // an alarm that invokes the function itself
		NewState  string          `json:"NewStateValue"` // an alarm that has gone by SNS
	}
	if err := readObject(event, &kind); err != nil {
		return happening{}, err
	}
	switch {
	case kind.AlarmData != nil:
		return readAlarmAction(event)
	case kind.NewState != "":
		return readAlarmMessage(event)
	case kind.Source == "" || kind.DetailType == "":
		return readInput(event)
	}
	spell, ok := spellings[[2]string{kind.Source, kind.DetailType}]
	if !ok {
		spell = spellAny
	}
	n, err := spell(kind.bridgeEvent)
	if err != nil {
		return happening{}, fmt.Errorf("event %s of %s: %w", kind.ID, kind.Source, err)
	}
	n.Source, n.Event = kind.Source, event
	if n.Time == "" {
		n.Time = notice.Time(kind.Time)
	}
	if n.Key == nil && kind.ID != "" {
		n.Key = []string{"event", kind.Account, kind.Source, kind.ID}
	}
	own := kind.ownDetail()
	return happening{Notice: n, topicURN: own.TopicURN, topicName: own.TopicName}, nil
}

// readObject reads a JSON object; what else it holds is its own affair.
func readObject(text json.RawMessage, into any) error {
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("the event cannot be read: %w", err)
	}
	return nil
}

// place says where an event comes from.
func place(account, region string) [2]string {
	switch {
	case account == "":
		return [2]string{"Region", region}
	case region == "":
		return [2]string{"Account", account}
	}
	return [2]string{"Account", account + " in " + region}
}
