package lambdaapp

import (
	"bytes"
	"encoding/json"
	"strings"

	"tocsin/shared/notice"
)

// spellAny puts an event of EventBridge into words of which nothing else is known.
// A detail of one's own may bring subject and message itself.
func spellAny(e bridgeEvent) (notice.Notice, error) {
	var own struct {
		Subject string `json:"subject"`
		Message string `json:"message"`
	}
	if json.Unmarshal(e.Detail, &own) != nil {
		own.Subject, own.Message = "", "" // they are something else there
	}
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
