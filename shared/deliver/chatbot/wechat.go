package chatbot

import "time"

// wechat: WeCom developer centre, "Group robot configuration" (document 91770: the
// form, 2,048 bytes a text, 20 messages a minute) and its global error codes:
//
//	POST https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…
//	{"msgtype":"text","text":{"content":"…"}}
//	{"errcode":0,"errmsg":"ok"}
//
// 93000 is a bad key.
var wechat = bot{
	message: func(text, _ string) object {
		return object{"msgtype": "text", "text": object{"content": text}}
	},
	maxText: 2048,
	size:    func(text string) int { return len(text) },
	kind:    "msgtype",
	judge: byCode("errcode", map[string]time.Duration{
		"-1":    0, // busy
		"45009": time.Minute,
	}),
}
