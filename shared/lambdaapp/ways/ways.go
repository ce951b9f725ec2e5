// Package ways opens the ways on which functions/deliver takes messages to
// endpoints. It stands apart from lambdaapp, so that no other function carries them.
package ways

import (
	"fmt"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/chatbot"
	"tocsin/shared/deliver/mnspush"
	"tocsin/shared/deliver/post"
	"tocsin/shared/deliver/ses"
	"tocsin/shared/deliver/smtp"
	"tocsin/shared/deliver/snssms"
	"tocsin/shared/deliver/webhook"
	"tocsin/shared/lambdaapp"
	"tocsin/shared/smn"
)

// Open gives the ways out, by protocol, and by form those of notifications that are
// not SMN's. What has none is dead at once. The error is one line and names the
// variable.
//
// Calls to endpoints go by Go's own transport: our writer is for processes that
// live long.
func Open(s lambdaapp.Ways) (lambdaapp.Outlets, error) {
	strangers := post.New(post.Config{AllowPrivate: s.AllowPrivate})
	hooks, bots := webhook.New(strangers), chatbot.New(strangers)
	senders := map[smn.Protocol]deliver.Sender{
		smn.HTTP: hooks, smn.HTTPS: hooks,
		smn.DingDing: bots, smn.Feishu: bots, smn.WeChat: bots, smn.WeLink: bots, smn.Slack: bots, smn.Teams: bots,
	}
	mails, err := mailsOf(s)
	if err != nil {
		return lambdaapp.Outlets{}, err
	}
	if mails != nil {
		senders[smn.Email] = mails
	}
	if s.SMSRate > 0 {
		senders[smn.SMS], err = snssms.New(snssms.Config{AWS: s.SNS, From: s.SMSFrom, Type: s.SMSType, Rate: s.SMSRate})
		if err != nil {
			return lambdaapp.Outlets{}, fmt.Errorf("TOCSIN_SMS_FROM, TOCSIN_SMS_TYPE: %w", err)
		}
	}
	return lambdaapp.Outlets{Senders: senders, Forms: mnspush.Forms(strangers), Strategies: mnspush.Strategies()}, nil
}

// mailsOf is the way out for mails; nil if there is none.
func mailsOf(s lambdaapp.Ways) (deliver.Sender, error) {
	if s.SMTPURL != "" {
		server, err := smtp.Read(s.SMTPURL, s.MailFrom)
		if err != nil {
			return nil, err
		}
		return smtp.New(server), nil
	}
	if s.MailFrom == "" {
		return nil, nil
	}
	mails, err := ses.New(ses.Config{
		AWS: s.SES, From: s.MailFrom,
		ConfigurationSet: s.ConfigurationSet, Rate: s.MailRate,
	})
	if err != nil {
		return nil, fmt.Errorf("TOCSIN_MAIL_FROM, TOCSIN_SES_CONFIGURATION_SET: %w", err)
	}
	return mails, nil
}
