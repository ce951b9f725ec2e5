package smn

// Protocol is the way to an endpoint.
type Protocol string

// The protocols that can be subscribed.
const (
	HTTP  Protocol = "http"
	HTTPS Protocol = "https"
	Email Protocol = "email"
	SMS   Protocol = "sms"
	Call  Protocol = "callnotify" // a voice call

	FunctionStage Protocol = "functionstage" // a function, by its URN
	FunctionGraph Protocol = "functiongraph" // the same under its later name

	DingDing Protocol = "dingding" // chat groups, by the URL of a bot's webhook
	Feishu   Protocol = "feishu"
	WeChat   Protocol = "wechat"
	WeLink   Protocol = "welink"
	Slack    Protocol = "slack" // beyond SMN, like teams
	Teams    Protocol = "teams"

	// Publishers may name these; nothing can be subscribed by them here.
	dingTalkBot Protocol = "dingTalkBot"
	dms         Protocol = "dms"
	application Protocol = "application"
)

// IsChat says whether p reaches a chat group, through the webhook of its bot.
func (p Protocol) IsChat() bool {
	switch p {
	case DingDing, Feishu, WeChat, WeLink, Slack, Teams:
		return true
	}
	return false
}

// IsFunction says whether p reaches a function. Functions are the operator's own,
// so they need no confirmation and have no way to unsubscribe.
func (p Protocol) IsFunction() bool { return p == FunctionStage || p == FunctionGraph }

// IsNamed says whether p is a protocol that publishers may name: in structures,
// templates and attributes. Some can be named although nothing can be subscribed by
// them here, because programs written for SMN name them.
func (p Protocol) IsNamed() bool {
	switch p {
	case HTTP, HTTPS, Email, SMS, Call, FunctionStage, FunctionGraph, dms, application:
		return true
	}
	return p.TakesObject()
}

// TakesObject says whether a structure may hold a JSON object for this protocol
// in place of words: chat robots know messages that are more than a text.
func (p Protocol) TakesObject() bool {
	switch p {
	case DingDing, Feishu, WeChat, WeLink, Slack, Teams, dingTalkBot:
		return true
	}
	return false
}
