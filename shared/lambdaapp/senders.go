package lambdaapp

import (
	"tocsin/shared/deliver"
	"tocsin/shared/deliver/chatbot"
	"tocsin/shared/deliver/post"
	"tocsin/shared/deliver/smtp"
	"tocsin/shared/deliver/webhook"
	"tocsin/shared/smn"
)

// waysOut are the settings of mail and SMS.
type waysOut struct {
	smtpURL  string // a mail server instead of SES
	mailFrom string
}

// senders are the ways out, by protocol. What has none is dead at once.
//
// Calls to endpoints go by Go's own transport: our writer is for processes that
// live long.
func (s settings) senders() (map[smn.Protocol]deliver.Sender, error) {
	strangers := post.New(post.Config{AllowPrivate: s.allowPrivate})
	hooks, bots := webhook.New(strangers), chatbot.New(strangers)
	senders := map[smn.Protocol]deliver.Sender{
		smn.HTTP: hooks, smn.HTTPS: hooks,
		smn.DingDing: bots, smn.Feishu: bots, smn.WeChat: bots, smn.WeLink: bots, smn.Slack: bots, smn.Teams: bots,
	}
	if s.ways.smtpURL != "" {
		server, err := smtp.Read(s.ways.smtpURL, s.ways.mailFrom)
		if err != nil {
			return nil, err
		}
		senders[smn.Email] = smtp.New(server)
	}
	return senders, nil
}
