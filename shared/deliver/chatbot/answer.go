package chatbot

import (
	"encoding/json"
	"strings"
	"time"

	"tocsin/shared/deliver"
)

// byCode judges the answers of services that say {"code": 0} when all is well and
// else another code, under HTTP 200 too. Waits names the codes that stand for a
// trouble which passes, and how long to wait; 0 leaves that to the policy. An
// answer without a code comes from something else than the service: nobody knows
// whether it has kept the message.
func byCode(field string, waits map[string]time.Duration) func(int, []byte) deliver.Outcome {
	return func(status int, answer []byte) deliver.Outcome {
		var fields map[string]json.RawMessage
		if json.Unmarshal(answer, &fields) != nil {
			return unknownAnswer(status)
		}
		code := strings.Trim(string(fields[field]), `"`) // a number, or a text of digits
		wait, passes := waits[code]
		switch {
		case code == "0":
			return deliver.Outcome{Result: deliver.Delivered, Status: status}
		case !isCode(code):
			return unknownAnswer(status)
		case passes:
			return deliver.Outcome{Result: deliver.Again, Status: status, Reason: "the service answered code " + code, After: wait}
		}
		return deliver.Outcome{Result: deliver.Dead, Status: status, Reason: "the service answered code " + code}
	}
}

// isCode says whether s is a number that is short enough for a log.
func isCode(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	return digits != "" && len(digits) <= 10 && strings.Trim(digits, "0123456789") == ""
}

func unknownAnswer(status int) deliver.Outcome {
	return deliver.Outcome{Result: deliver.Dead, Status: status, Reason: "the answer is not one of this service"}
}
