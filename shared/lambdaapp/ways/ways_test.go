package ways_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/post"
	"tocsin/shared/deliver/ses"
	"tocsin/shared/deliver/smtp"
	"tocsin/shared/deliver/snssms"
	"tocsin/shared/lambdaapp"
	"tocsin/shared/lambdaapp/ways"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// Mails go by SES or by a mail server, SMS by SNS, and each only where it is
// configured.
func TestOpen(t *testing.T) {
	for name, c := range map[string]struct {
		settings lambdaapp.Ways
		mail     deliver.Sender
		sms      deliver.Sender
	}{
		"none": {},
		"ses":  {settings: lambdaapp.Ways{MailFrom: "a@example.com", MailRate: 0.5, ConfigurationSet: "set"}, mail: &ses.Sender{}},
		"smtp": {settings: lambdaapp.Ways{MailFrom: "a@example.com", SMTPURL: "smtp://user:password@mail.example.com"}, mail: &smtp.Sender{}},
		"sms":  {settings: lambdaapp.Ways{SMSRate: 2, SMSFrom: "+14155550199", SMSType: "Transactional"}, sms: &snssms.Sender{}},
	} {
		t.Run(name, func(t *testing.T) {
			c.settings.SES = aws.Config{Region: "eu-west-1", Credentials: aws.AnonymousCredentials{}}
			c.settings.SNS = c.settings.SES
			out, err := ways.Open(c.settings)
			require.NoError(t, err)
			senders := out.Senders
			for protocol, want := range map[smn.Protocol]deliver.Sender{smn.Email: c.mail, smn.SMS: c.sms} {
				sender, is := senders[protocol]
				require.Equal(t, want != nil, is)
				require.IsType(t, want, sender)
			}
			for _, protocol := range []smn.Protocol{smn.HTTP, smn.HTTPS, smn.Slack} {
				require.NotNil(t, senders[protocol])
			}
			for _, form := range []string{"mns-xml", "mns-json", "mns-simplified"} {
				require.NotNil(t, out.Forms[form])
			}
			require.Contains(t, out.Strategies, "BACKOFF_RETRY")
			require.Contains(t, out.Strategies, "EXPONENTIAL_DECAY_RETRY")
		})
	}
}

// No attempt takes longer than functions are told to leave time for. Mail servers are
// given what MaxAttempt leaves them.
func TestAttemptsEndInTime(t *testing.T) {
	require.LessOrEqual(t, post.DefaultTimeout, deliver.MaxAttempt)
	synctest.Test(t, func(t *testing.T) {
		here := aws.Config{Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""), HTTPClient: silent{}}
		out, err := ways.Open(lambdaapp.Ways{MailFrom: "a@example.com", SES: here, SMSRate: 1, SNS: here})
		require.NoError(t, err)
		for protocol, endpoint := range map[smn.Protocol]string{smn.Email: "a@example.com", smn.SMS: "+14155550199"} {
			began := time.Now()
			o := out.Senders[protocol].Send(t.Context(), deliver.Delivery{Type: wire.TypeNotification, Protocol: protocol, Endpoint: endpoint, Text: "text"})
			require.Equal(t, deliver.Again, o.Result, o.Reason)
			require.Greater(t, time.Since(began), time.Second, "it was asked")
			require.LessOrEqual(t, time.Since(began), deliver.MaxAttempt)
		}
	})
}

// silent is a service that never answers.
type silent struct{}

func (silent) Do(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestWrongSettings(t *testing.T) {
	here := aws.Config{Region: "eu-west-1", Credentials: aws.AnonymousCredentials{}}
	for want, wrong := range map[string]lambdaapp.Ways{
		"TOCSIN_MAIL_FROM must be":                         {SMTPURL: "smtp://user:hidden@mail.example.com"},
		"TOCSIN_MAIL_FROM, TOCSIN_SES_CONFIGURATION_SET: ": {MailFrom: "no address", SES: here},
		"TOCSIN_SMS_FROM, TOCSIN_SMS_TYPE: ":               {SMSRate: 1, SMSType: "loud", SNS: here},
	} {
		_, err := ways.Open(wrong)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "\n", "one line")
		require.NotContains(t, err.Error(), "hidden", "no secret")
	}
}
