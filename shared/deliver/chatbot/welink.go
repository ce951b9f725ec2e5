package chatbot

import (
	"time"
	"unicode/utf8"

	"tocsin/shared/smn"
)

// welink: WeLink open platform, "Group webhook robot interface" (the form, 1 to 500
// characters a text, a time of the last ten minutes and a fresh uuid):
//
//	POST https://open.welink.huaweicloud.com/api/werobot/v1/webhook/send?token=…&channel=standard
//	{"messageType":"text","content":{"text":"…"},"timeStamp":1669945732253,"uuid":"…"}
//	{"code":"0","data":"success","message":"ok"}
//
// 58404 is a bot that does not exist, 58601 a bad parameter, 58602 a bot that is
// switched off.
var welink = bot{
	message: func(text, _ string) object {
		return object{"messageType": "text", "content": object{"text": text}}
	},
	maxText: 500,
	size:    utf8.RuneCountInString,
	kind:    "messageType",
	seal: func(body object, _ string, now time.Time) string {
		body["timeStamp"], body["uuid"] = now.UnixMilli(), smn.NewID()
		return ""
	},
	judge: byCode("code", map[string]time.Duration{
		"58500": 0, // its own fault
	}),
}
