package lambdaapp

import (
	"fmt"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/chatbot"
	"tocsin/shared/deliver/post"
	"tocsin/shared/deliver/ses"
	"tocsin/shared/deliver/smtp"
	"tocsin/shared/deliver/snssms"
	"tocsin/shared/deliver/webhook"
	"tocsin/shared/smn"
)

// waysOut are the settings of mail and SMS. Rates are those of one instance, in
// messages a second.
type waysOut struct {
	mailFrom         string  // empty: no mail is sent
	smtpURL          string  // a mail server instead of SES
	mailRate         float64 // of SES; 0 for no bound
	configurationSet string  // of SES; empty for none
	smsRate          float64 // of SNS; 0: no SMS is sent
	smsFrom          string  // number or name; empty for what SNS chooses
	smsType          string  // Transactional or Promotional; empty for what the account is set to
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
	mails, err := s.mails()
	if err != nil {
		return nil, err
	}
	if mails != nil {
		senders[smn.Email] = mails
	}
	if s.ways.smsRate > 0 {
		senders[smn.SMS], err = snssms.New(snssms.Config{
			AWS: s.aws.senderConfig(serviceSNS), From: s.ways.smsFrom, Type: s.ways.smsType, Rate: s.ways.smsRate,
		})
		if err != nil {
			return nil, fmt.Errorf("TOCSIN_SMS_FROM, TOCSIN_SMS_TYPE: %w", err)
		}
	}
	return senders, nil
}

// mails is the way out for mails; nil if there is none.
func (s settings) mails() (deliver.Sender, error) {
	if s.ways.smtpURL != "" {
		server, err := smtp.Read(s.ways.smtpURL, s.ways.mailFrom)
		if err != nil {
			return nil, err
		}
		return smtp.New(server), nil
	}
	if s.ways.mailFrom == "" {
		return nil, nil
	}
	mails, err := ses.New(ses.Config{
		AWS: s.aws.senderConfig(serviceSES), From: s.ways.mailFrom,
		ConfigurationSet: s.ways.configurationSet, Rate: s.ways.mailRate,
	})
	if err != nil {
		return nil, fmt.Errorf("TOCSIN_MAIL_FROM, TOCSIN_SES_CONFIGURATION_SET: %w", err)
	}
	return mails, nil
}
