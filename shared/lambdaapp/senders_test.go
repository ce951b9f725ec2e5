package lambdaapp

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/ses"
	"tocsin/shared/deliver/smtp"
	"tocsin/shared/deliver/snssms"
	"tocsin/shared/smn"
)

// Mails go by SES or by a mail server, SMS by SNS, and each only where it is
// configured.
func TestWaysOut(t *testing.T) {
	for name, c := range map[string]struct {
		changes map[string]string
		mail    deliver.Sender
		sms     deliver.Sender
	}{
		"none": {},
		"ses":  {changes: map[string]string{"TOCSIN_MAIL_FROM": "a@example.com", "TOCSIN_MAIL_RATE": "0.5", "TOCSIN_SES_CONFIGURATION_SET": "set"}, mail: &ses.Sender{}},
		"smtp": {changes: map[string]string{"TOCSIN_MAIL_FROM": "a@example.com", "TOCSIN_SMTP_URL": "smtp://user:password@mail.example.com"}, mail: &smtp.Sender{}},
		"sms":  {changes: map[string]string{"TOCSIN_SMS_RATE": "2"}, sms: &snssms.Sender{}},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := readSettings(onAWSWith(c.changes))
			require.NoError(t, err)
			senders, err := s.senders()
			require.NoError(t, err)
			for protocol, want := range map[smn.Protocol]deliver.Sender{smn.Email: c.mail, smn.SMS: c.sms} {
				sender, is := senders[protocol]
				require.Equal(t, want != nil, is)
				require.IsType(t, want, sender)
			}
			for _, protocol := range []smn.Protocol{smn.HTTP, smn.HTTPS, smn.Slack} {
				require.NotNil(t, senders[protocol])
			}
		})
	}
}

func TestSenderOfSMS(t *testing.T) {
	s, err := readSettings(onAWSWith(map[string]string{"TOCSIN_SMS_RATE": "2", "TOCSIN_SMS_FROM": "+14155550199", "TOCSIN_SMS_TYPE": "Transactional"}))
	require.NoError(t, err)
	_, err = s.senders()
	require.NoError(t, err)
	for name, wrong := range map[string]string{"TOCSIN_SMS_FROM": "no name at all", "TOCSIN_SMS_TYPE": "Cheap"} {
		s, err := readSettings(onAWSWith(map[string]string{"TOCSIN_SMS_RATE": "2", name: wrong}))
		require.NoError(t, err)
		_, err = s.senders()
		require.ErrorContains(t, err, name)
	}
}
