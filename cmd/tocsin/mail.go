package main

import (
	"tocsin/shared/deliver/sms"
	"tocsin/shared/deliver/smtp"
)

// waysOut are the settings of mail and SMS; docs/mail-and-sms.md explains them.
// What has no way out is kept in the outbox.
type waysOut struct {
	SMTPURL  string `name:"smtp-url" env:"TOCSIN_SMTP_URL" help:"Mail server, as smtp://user:password@host:587 or smtps://…; better by environment than by flag." placeholder:"URL"`
	MailFrom string `name:"mail-from" env:"TOCSIN_MAIL_FROM" help:"Address that mails come from." placeholder:"ADDRESS"`

	SMSPreset   string `name:"sms-preset" env:"TOCSIN_SMS_PRESET" help:"SMS gateway: twilio or vonage; unset for one of your own." placeholder:"NAME"`
	SMSURL      string `name:"sms-url" env:"TOCSIN_SMS_URL" help:"Where the SMS gateway is called." placeholder:"URL"`
	SMSMethod   string `name:"sms-method" env:"TOCSIN_SMS_METHOD" help:"POST, the default, PUT or GET." placeholder:"METHOD"`
	SMSHeaders  string `name:"sms-headers" env:"TOCSIN_SMS_HEADERS" help:"Headers for the gateway: a JSON object of texts; better by environment than by flag." placeholder:"JSON"`
	SMSBody     string `name:"sms-body" env:"TOCSIN_SMS_BODY" help:"Body for the gateway: JSON or a form, with {to}, {text}, {from} and {message_id}." placeholder:"TEMPLATE"`
	SMSFrom     string `name:"sms-from" env:"TOCSIN_SMS_FROM" help:"Number or name that SMS come from." placeholder:"SENDER"`
	SMSUser     string `name:"sms-user" env:"TOCSIN_SMS_USER" help:"User of the gateway: Twilio's account SID, Vonage's API key." placeholder:"USER"`
	SMSPassword string `name:"sms-password" env:"TOCSIN_SMS_PASSWORD" help:"Its password: Twilio's auth token, Vonage's API secret; better by environment than by flag." placeholder:"PASSWORD"`

	server  *smtp.Config // nil without one
	gateway *sms.Gateway // likewise
}

// read makes a server and a gateway of the settings.
func (w *waysOut) read() error {
	if w.SMTPURL != "" {
		server, err := smtp.Read(w.SMTPURL, w.MailFrom)
		if err != nil {
			return err
		}
		w.server = &server
	}
	if w.SMSURL != "" || w.SMSPreset != "" {
		gateway, err := sms.Settings{
			Preset: w.SMSPreset, URL: w.SMSURL, Method: w.SMSMethod, Headers: w.SMSHeaders, Body: w.SMSBody,
			From: w.SMSFrom, User: w.SMSUser, Password: w.SMSPassword,
		}.Read()
		if err != nil {
			return err
		}
		w.gateway = &gateway
	}
	return nil
}
