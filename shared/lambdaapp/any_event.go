package lambdaapp

import (
	"bytes"
	"encoding/json"
	"strings"

	"tocsin/shared/notice"
)

// ownDetail is what an event that somebody has put himself may hold in its detail,
// for this function.
type ownDetail struct {
	TopicURN  string `json:"topic_urn"`
	TopicName string `json:"topic_name"`
	Subject   string `json:"subject"`
	Message   string `json:"message"`
}

// ownDetail is empty for the events of AWS, whose details are not for us, and when
// the names stand for something else. Nobody but AWS can put events whose source
// begins with aws.
func (e bridgeEvent) ownDetail() ownDetail {
	var own ownDetail
	if strings.HasPrefix(e.Source, "aws.") || json.Unmarshal(e.Detail, &own) != nil {
		return ownDetail{}
	}
	return own
}

// spellAny puts an event of EventBridge into words of which nothing else is known.
// One of one's own may bring subject and message itself.
func spellAny(e bridgeEvent) (notice.Notice, error) {
	own := e.ownDetail()
	n := notice.Notice{
		Subject: orElse(own.Subject, e.DetailType+" ("+e.Source+")"),
		Summary: orElse(own.Message, "An event of "+e.Source+": "+e.DetailType+"."),
		Brief:   own.Message,
		Facts: [][2]string{
			{"Resources", strings.Join(e.Resources, ", ")},
			{"Time", notice.Time(e.Time)},
			place(e.Account, e.Region),
		},
	}
	if n.Brief == "" && len(e.Resources) > 0 {
		n.Brief = strings.Join(e.Resources, ", ")
	}
	var indented bytes.Buffer
	if own.Message == "" && json.Indent(&indented, e.Detail, "", "  ") == nil && len(e.Detail) > len("{}") {
		n.More = indented.String()
	}
	return n, nil
}
