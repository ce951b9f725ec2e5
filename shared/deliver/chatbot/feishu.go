package chatbot

import (
	"encoding/json"
	"strconv"
	"time"

	"tocsin/shared/deliver"
)

// feishu: Feishu open platform, "Custom bot guide" (the form, the signature, 20 KB a
// body, 100 messages a minute and 5 a second). Lark is the same service under
// another host:
//
//	POST https://open.feishu.cn/open-apis/bot/v2/hook/…
//	{"timestamp":"1599360473","sign":"…","msg_type":"text","content":{"text":"…"}}
//	{"code":0,"msg":"success","data":{}}
//
// 19021 is a wrong signature, 19024 a keyword that is missing, 19001 a bad token.
// 9499 stands for too many requests and, with HTTP 400, for a bad one.
var feishu = bot{
	message: func(text, _ string) object {
		return object{"msg_type": "text", "content": object{"text": text}}
	},
	maxBody: 20 << 10,
	kind:    "msg_type",
	seal: func(body object, secret string, now time.Time) string {
		if secret != "" {
			seconds := strconv.FormatInt(now.Unix(), 10)
			body["timestamp"], body["sign"] = seconds, feishuSign(seconds, secret)
		}
		return ""
	},
	judge: judgeFeishu,
}

// feishuSign is unlike others: the time and the secret are the key, and nothing is
// what is signed.
func feishuSign(seconds, secret string) string { return sign(seconds+"\n"+secret, "") }

var (
	feishuWaits = map[string]time.Duration{
		"2200":  0, // its own fault
		"9499":  time.Minute,
		"11232": time.Minute,
	}
	feishuCode    = byCode("code", feishuWaits)
	feishuOldCode = byCode("StatusCode", feishuWaits)
)

// judgeFeishu reads the field code or, in the answers of older versions that have
// none, StatusCode.
func judgeFeishu(status int, answer []byte) deliver.Outcome {
	var fields struct {
		Code json.RawMessage `json:"code"`
	}
	if json.Unmarshal(answer, &fields) == nil && fields.Code == nil {
		return feishuOldCode(status, answer)
	}
	return feishuCode(status, answer)
}
