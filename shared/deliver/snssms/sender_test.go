package snssms_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"tocsin/internal/emulators"
	"tocsin/shared/deliver"
	"tocsin/shared/deliver/carrier/carriertest"
	"tocsin/shared/deliver/snssms"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

func notification() deliver.Delivery {
	return deliver.Delivery{
		Type:         wire.TypeNotification,
		MessageID:    "d84bd6629ef04513ad2e37bffd6e17cb",
		TopicURN:     "urn:smn:local:0123456789abcdef0123456789abcdef:disk-alerts",
		TopicDisplay: "Disk Watch",
		Protocol:     smn.SMS,
		Endpoint:     "+491701234567",
		Subject:      "Disk full",
		Text:         "90 % full & more=\r\n磁盘",
	}
}

// service takes all messages, as SNS does, and keeps what it was asked.
type service struct {
	mu    sync.Mutex
	calls atomic.Int64
	last  url.Values
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.calls.Add(1)
	s.mu.Lock()
	s.last, _ = url.ParseQuery(string(body))
	s.mu.Unlock()
	taken(w, r)
}

var taken = carriertest.Say(200, `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>0100</MessageId></PublishResult></PublishResponse>`)

func sender(t *testing.T, s *service, c snssms.Config) *snssms.Sender {
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	c.AWS = carriertest.Config(server.URL)
	made, err := snssms.New(c)
	require.NoError(t, err)
	return made
}

func TestSend(t *testing.T) {
	for name, c := range map[string]struct {
		config     snssms.Config
		attributes map[string]string
	}{
		"bare":            {snssms.Config{}, nil},
		"from a name":     {snssms.Config{From: "Disk-Watch1"}, map[string]string{"AWS.SNS.SMS.SenderID": "Disk-Watch1"}},
		"from a number":   {snssms.Config{From: "+14155550199"}, map[string]string{"AWS.MM.SMS.OriginationNumber": "+14155550199"}},
		"promotional":     {snssms.Config{Type: "Promotional"}, map[string]string{"AWS.SNS.SMS.SMSType": "Promotional"}},
		"with everything": {snssms.Config{Type: "Transactional", From: "a"}, map[string]string{"AWS.SNS.SMS.SMSType": "Transactional", "AWS.SNS.SMS.SenderID": "a"}},
	} {
		var s service
		require.Equal(t, deliver.Outcome{Status: 200}, sender(t, &s, c.config).Send(t.Context(), notification()), name)
		attributes := map[string]string{}
		for key, values := range s.last {
			entry, is := strings.CutSuffix(key, ".Name")
			if !is {
				continue
			}
			require.Equal(t, "String", s.last.Get(entry+".Value.DataType"))
			attributes[values[0]] = s.last.Get(entry + ".Value.StringValue")
			for _, part := range []string{".Name", ".Value.DataType", ".Value.StringValue"} {
				s.last.Del(entry + part)
			}
		}
		if c.attributes == nil {
			c.attributes = map[string]string{}
		}
		require.Equal(t, c.attributes, attributes, name)
		require.Equal(t, url.Values{
			"Action": {"Publish"}, "Version": {"2010-03-31"}, "PhoneNumber": {"+491701234567"}, "Message": {"90 % full & more=\r\n磁盘"},
		}, s.last, name)
	}
}

func TestConfirmation(t *testing.T) {
	var s service
	d := notification()
	d.Type, d.SubscribeURL = wire.TypeConfirmation, "https://host.example/confirm?token=00"
	require.Equal(t, deliver.Delivered, sender(t, &s, snssms.Config{}).Send(t.Context(), d).Result)
	require.Equal(t, "Disk Watch would like to send you messages. To agree, open within 48 hours: "+d.SubscribeURL, s.last.Get("Message"))
}

func TestDeadBeforeItIsSent(t *testing.T) {
	var s service
	sends := sender(t, &s, snssms.Config{})
	for want, change := range map[string]func(*deliver.Delivery){
		"the text has more than 1,000 characters": func(d *deliver.Delivery) { d.Text = strings.Repeat("x", 1001) },
		"the text is empty":                       func(d *deliver.Delivery) { d.Text = "" },
	} {
		d := notification()
		change(&d)
		require.Equal(t, deliver.Outcome{Result: deliver.Dead, Reason: want}, sends.Send(t.Context(), d))
	}
	for _, endpoint := range []string{"", "+", "13800138000", "+49170\r\n1234", "+0123", "+49 170 1234567", "+1234567890123456", "ann"} {
		d := notification()
		d.Endpoint = endpoint
		o := sends.Send(t.Context(), d)
		require.Equal(t, deliver.Outcome{Result: deliver.Dead, Reason: "SNS takes only phone numbers with + and the code of the country"}, o)
	}
	require.Zero(t, s.calls.Load())
}

func TestCarrier(t *testing.T) {
	carriertest.Run(t, carriertest.Case{
		Service: "SNS",
		New: func(t *testing.T, cfg aws.Config, rate float64) deliver.Sender {
			made, err := snssms.New(snssms.Config{AWS: cfg, Rate: rate})
			require.NoError(t, err)
			return made
		},
		Delivery: notification(),
		Take:     taken,
		Refuse: func(status int, code string) http.HandlerFunc {
			return carriertest.Say(status, `<ErrorResponse><Error><Type>Sender</Type><Code>`+code+`</Code><Message>`+carriertest.Secret+`</Message></Error></ErrorResponse>`)
		},
		Refusals: map[deliver.Result]map[string]int{
			deliver.Dead: {
				"InvalidParameter":      400,
				"ParameterValueInvalid": 400,
				"OptedOut":              400,
				"UserError":             400,
				"ValidationException":   400,
				"EndpointDisabled":      400,
			},
			deliver.Later: {
				"Throttling":           400,
				"ThrottlingException":  400,
				"Throttled":            429,
				"RequestLimitExceeded": 503,
			},
			deliver.Again: {
				"AuthorizationError":   403,
				"InvalidClientTokenId": 403,
				"OptInRequired":        400,
				"InternalError":        500,
				"ServiceUnavailable":   503,
			},
		},
		Odd: map[string]http.HandlerFunc{
			"no XML":        carriertest.Say(200, "{secret}"),
			"half of it":    carriertest.Say(200, "<PublishResponse><PublishResult><MessageId>01"),
			"without an id": carriertest.Say(200, "<PublishResponse><PublishResult></PublishResult></PublishResponse>"),
		},
	})
}

func TestNewNamesWhatIsWrong(t *testing.T) {
	for want, configs := range map[string][]snssms.Config{
		"AWS": {{}},
		"From": {
			{From: "Disk Watch"}, {From: "TwelveLetter"}, {From: "-a"}, {From: "12345"}, {From: "14155550199"}, {From: "+0123456"}, {From: "Wächter"}, {From: "a\r\n"},
		},
		"Type": {{Type: "transactional"}},
		"Rate": {{Rate: -1}},
	} {
		for _, c := range configs {
			if want != "AWS" {
				c.AWS = carriertest.Config("http://127.0.0.1")
			}
			_, err := snssms.New(c)
			require.ErrorContains(t, err, "Config."+want)
		}
	}
}

// captured is an SMS that moto has taken.
type captured struct {
	PhoneNumber string `json:"phone_number"`
	Message     string `json:"message"`
}

func TestByMoto(t *testing.T) {
	cfg := emulators.Moto(t)
	sends, err := snssms.New(snssms.Config{AWS: cfg, From: "Tocsin", Type: "Transactional"})
	require.NoError(t, err)
	d := notification()
	require.Equal(t, deliver.Outcome{Status: 200}, sends.Send(t.Context(), d))

	var all struct{ SNS struct{ SMS []captured } }
	emulators.Captured(t, *cfg.BaseEndpoint, &all)
	require.Equal(t, []captured{{"+491701234567", "90 % full & more=\r\n磁盘"}}, all.SNS.SMS)
}
