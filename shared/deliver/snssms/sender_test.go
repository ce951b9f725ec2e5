package snssms_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"

	"tocsin/internal/emulators"
	"tocsin/shared/deliver"
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

// service answers as SNS does, by a script, and keeps what it was asked.
type service struct {
	answer http.HandlerFunc // nil to take all

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
	if s.answer != nil {
		s.answer(w, r)
		return
	}
	_, _ = io.WriteString(w, `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>0100</MessageId></PublishResult></PublishResponse>`)
}

// say answers with a body.
func say(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// refuse answers as SNS refuses, with words that must go nowhere.
func refuse(status int, code string) http.HandlerFunc {
	return say(status, `<ErrorResponse><Error><Type>Sender</Type><Code>`+code+`</Code><Message>+491701234567 is a secret</Message></Error></ErrorResponse>`)
}

func config(address string) aws.Config {
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(address), Credentials: credentials.NewStaticCredentialsProvider("AKID", "key", ""),
	}
}

func sender(t *testing.T, s *service, c snssms.Config) *snssms.Sender {
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	c.AWS = config(server.URL)
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

func TestRefusals(t *testing.T) {
	for code, c := range map[string]struct {
		status int
		want   deliver.Result
	}{
		"InvalidParameter":      {400, deliver.Dead},
		"ParameterValueInvalid": {400, deliver.Dead},
		"OptedOut":              {400, deliver.Dead},
		"UserError":             {400, deliver.Dead},
		"ValidationException":   {400, deliver.Dead},
		"EndpointDisabled":      {400, deliver.Dead},
		"Throttling":            {400, deliver.Later},
		"ThrottlingException":   {400, deliver.Later},
		"Throttled":             {429, deliver.Later},
		"RequestLimitExceeded":  {503, deliver.Later},
		"AuthorizationError":    {403, deliver.Again},
		"InvalidClientTokenId":  {403, deliver.Again},
		"OptInRequired":         {400, deliver.Again},
		"InternalError":         {500, deliver.Again},
		"ServiceUnavailable":    {503, deliver.Again},
	} {
		s := service{answer: refuse(c.status, code)}
		o := sender(t, &s, snssms.Config{}).Send(t.Context(), notification())
		require.Equal(t, c.want, o.Result, code)
		require.Equal(t, c.status, o.Status, code)
		require.Contains(t, o.Reason, "SNS")
		require.NotContains(t, o.Reason, "secret")
		require.NotContains(t, o.Reason, "+49")
		require.Equal(t, c.want == deliver.Later, o.After > 0, code)
		require.EqualValues(t, 1, s.calls.Load(), "trying again is the worker's affair")
	}
}

func TestOddAnswers(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"nothing":             say(200, ""),
		"no XML":              say(200, "{secret}"),
		"half of it":          say(200, "<PublishResponse><PublishResult><MessageId>01"),
		"without an id":       say(200, "<PublishResponse><PublishResult></PublishResult></PublishResponse>"),
		"400 and no XML":      say(400, "secret"),
		"400 and nothing":     say(400, ""),
		"403 and no XML":      say(403, "<html>secret</html>"),
		"502 and no XML":      say(502, "<html>secret"),
		"a code with words":   refuse(400, "an ugly secret"),
		"a closed connection": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"no end": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, strings.Repeat("<secret>", 10_000)); err != nil {
					return
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := service{answer: answer}
			o := sender(t, &s, snssms.Config{}).Send(t.Context(), notification())
			require.Equal(t, deliver.Again, o.Result, o)
			require.NotEmpty(t, o.Reason)
			require.NotContains(t, o.Reason, "secret")
			require.EqualValues(t, 1, s.calls.Load())
		})
	}
}

func TestNoAnswer(t *testing.T) {
	asked := make(chan struct{})
	s := service{answer: func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	}}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	o := sender(t, &s, snssms.Config{}).Send(ctx, notification())
	require.Equal(t, deliver.Outcome{Result: deliver.Again, Reason: "the attempt was broken off"}, o)
}

func TestRate(t *testing.T) {
	var s service
	sends := sender(t, &s, snssms.Config{Rate: 0.01})
	require.Equal(t, deliver.Delivered, sends.Send(t.Context(), notification()).Result)
	o := sends.Send(t.Context(), notification())
	require.Equal(t, deliver.Later, o.Result)
	require.InDelta(t, 100, o.After.Seconds(), 2)
	require.EqualValues(t, 1, s.calls.Load())
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
				c.AWS = config("http://127.0.0.1")
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

	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, *cfg.BaseEndpoint+"/moto-api/data.json", nil)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, answer.Body.Close()) }()
	var all struct{ SNS struct{ SMS []captured } }
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&all))
	require.Equal(t, []captured{{"+491701234567", "90 % full & more=\r\n磁盘"}}, all.SNS.SMS)
}
