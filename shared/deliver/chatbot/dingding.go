package chatbot

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strconv"
	"time"
)

// dingding: DingTalk open platform, "Custom robot access" (the form, 20,000 bytes a
// body, 20 messages a minute and else none for ten), "Custom robot security
// settings" (keyword, signature) and its error codes:
//
//	POST https://oapi.dingtalk.com/robot/send?access_token=…[&timestamp=…&sign=…]
//	{"msgtype":"text","text":{"content":"…"}}
//	{"errcode":0,"errmsg":"ok"}
//
// 310000 is a keyword or signature that is wrong, 300001 or 400101 a bad token.
var dingding = bot{
	message: func(text, _ string) object {
		return object{"msgtype": "text", "text": object{"content": text}}
	},
	maxBody: 20_000,
	kind:    "msgtype",
	seal: func(_ object, secret string, now time.Time) string {
		if secret == "" {
			return ""
		}
		milliseconds := strconv.FormatInt(now.UnixMilli(), 10)
		return "timestamp=" + milliseconds + "&sign=" + url.QueryEscape(dingdingSign(milliseconds, secret))
	},
	judge: byCode("errcode", map[string]time.Duration{
		"-1":     0, // busy
		"130101": 10 * time.Minute,
		"410100": 10 * time.Minute,
	}),
}

// dingdingSign signs the time and the secret with the secret.
func dingdingSign(milliseconds, secret string) string {
	return sign(secret, milliseconds+"\n"+secret)
}

// sign is the base64 of an HMAC-SHA256.
func sign(key, data string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(data))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
