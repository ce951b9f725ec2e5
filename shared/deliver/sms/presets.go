package sms

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"tocsin/shared/deliver"
	"tocsin/shared/smn"
)

// preset is a gateway that many use. User and password are those of the account.
type preset struct {
	url    string
	path   func(user string) string
	inBody bool // user and password; or else in the header
	form   bool // or else JSON
	write  func(m message, account *url.Userinfo) string
	judge  func(o deliver.Outcome, answer []byte) deliver.Outcome
}

var presets = map[string]preset{"twilio": twilio, "vonage": vonage}

// twilio: Twilio documents, "Messages resource" (the form, 201 for success) and
// "REST API responses" (errors have a status and a code of Twilio's):
//
//	POST https://api.twilio.com/2010-04-01/Accounts/{sid}/Messages.json
//	Authorization: Basic {sid}:{auth token}
//	To=%2B14155550100&From=%2B14155550199&Body=…
//	{"code": 21211, "message": "…", "more_info": "…", "status": 400}
var twilio = preset{
	url: "https://api.twilio.com",
	path: func(user string) string {
		return "/2010-04-01/Accounts/" + url.PathEscape(user) + "/Messages.json"
	},
	form: true,
	write: func(m message, _ *url.Userinfo) string {
		return template("To={to}&From={from}&Body={text}").fill(m, true)
	},
	judge: func(o deliver.Outcome, answer []byte) deliver.Outcome {
		var fault struct{ Code int }
		if o.Result != deliver.Delivered && json.Unmarshal(answer, &fault) == nil && fault.Code > 0 {
			o.Reason += ", code " + strconv.Itoa(fault.Code)
		}
		return o
	},
}

// vonage: Vonage API documents, "SMS API" (the body, numbers without a plus, type
// unicode for what GSM's alphabet has not) and "SMS error codes". The answer has
// status 200 whatever happened, and an item for each part of a long SMS:
//
//	POST https://rest.nexmo.com/sms/json
//	{"api_key":"…","api_secret":"…","from":"Tocsin","to":"14155550100","text":"…","type":"text"}
//	{"message-count":"1","messages":[{"to":"…","message-id":"…","status":"0"}]}
var vonage = preset{
	url:    "https://rest.nexmo.com",
	path:   func(string) string { return "/sms/json" },
	inBody: true,
	write: func(m message, account *url.Userinfo) string {
		kind := "text"
		if !smn.IsGSM7(m.text) {
			kind = "unicode"
		}
		secret, _ := account.Password()
		return string(encode(struct {
			Key    string `json:"api_key"`
			Secret string `json:"api_secret"`
			From   string `json:"from"`
			To     string `json:"to"`
			Text   string `json:"text"`
			Type   string `json:"type"`
		}{account.Username(), secret, m.from, strings.TrimPrefix(m.to, "+"), m.text, kind}))
	},
	judge: func(o deliver.Outcome, answer []byte) deliver.Outcome {
		if o.Result != deliver.Delivered {
			return o
		}
		parts := vonageStatus.FindAllSubmatch(answer, -1)
		if parts == nil {
			return deliver.Outcome{Result: deliver.Dead, Status: o.Status, Reason: "the answer is not one of this service"}
		}
		for _, part := range parts {
			switch status := string(part[1]); status {
			case "0":
			case "1", "5": // throttled, internal error
				return deliver.Outcome{Result: deliver.Again, Status: o.Status, Reason: "the service answered status " + status}
			default:
				return deliver.Outcome{Result: deliver.Dead, Status: o.Status, Reason: "the service answered status " + status}
			}
		}
		return o
	},
}

// vonageStatus finds the status of each part, also in the answer for a long SMS,
// whose end is not read. In a JSON text the quotes would be escaped.
var vonageStatus = regexp.MustCompile(`"status"\s*:\s*"([0-9]{1,4})"`)
