// Package snssms sends SMS through Amazon SNS.
package snssms

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/carrier"
	"tocsin/shared/deliver/letter"
)

// Config says how SMS are sent.
type Config struct {
	AWS  aws.Config // region and credentials; BaseEndpoint and HTTPClient if they are set
	From string     // a number of the account's, +14155550199, or a name that phones show; empty for what SNS chooses
	Type string     // Transactional or Promotional; empty for what the account is set to
	Rate float64    // SMS a second; 0 for no bound but that of SNS
}

// Sender sends SMS.
type Sender struct {
	attributes [][2]string // of each SMS
	carrier    *carrier.Carrier
}

// New makes a sender. The error names the field that is missing or wrong.
func New(c Config) (*Sender, error) {
	var s Sender
	switch {
	case number().MatchString(c.From):
		s.set("AWS.MM.SMS.OriginationNumber", c.From)
	case isName(c.From):
		s.set("AWS.SNS.SMS.SenderID", c.From)
	case c.From != "":
		return nil, errors.New("snssms: Config.From must be a number such as +14155550199, or a name of up to 11 letters, digits and hyphens with a letter among them")
	}
	switch c.Type {
	case "Transactional", "Promotional":
		s.set("AWS.SNS.SMS.SMSType", c.Type)
	case "":
	default:
		return nil, errors.New("snssms: Config.Type must be Transactional or Promotional")
	}
	made, err := carrier.New(carrier.Config{Name: "SNS", Host: "sns", Signing: "sns", AWS: c.AWS, Rate: c.Rate, Read: read})
	if err != nil {
		return nil, fmt.Errorf("snssms: %w", err)
	}
	s.carrier = made
	return &s, nil
}

func (s *Sender) set(name, value string) { s.attributes = append(s.attributes, [2]string{name, value}) }

// What SNS takes: numbers in the international form, names of senders. Patterns are
// compiled when they are needed first: most processes send no SMS.
var (
	number = pattern(`^\+[1-9][0-9]{1,14}$`)
	name   = pattern(`^[A-Za-z0-9]([A-Za-z0-9-]{0,9}[A-Za-z0-9])?$`)
)

func pattern(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}

func isName(s string) bool {
	return name().MatchString(s) && strings.ContainsFunc(s, func(r rune) bool { return r > '9' })
}

// Send sends d as an SMS, which is delivered when SNS has taken it. What an answer
// means is carrier.Hand's. A text that is too long for an SMS is dead, and so is a
// number that does not say its country.
func (s *Sender) Send(ctx context.Context, d deliver.Delivery) deliver.Outcome {
	text, problem := letter.Short(d)
	switch {
	case problem != "":
	case !number().MatchString(d.Endpoint):
		problem = "SNS takes only phone numbers with + and the code of the country"
	case text == "":
		problem = "the text is empty"
	}
	if problem != "" {
		return deliver.Outcome{Result: deliver.Dead, Reason: problem}
	}
	return s.carrier.Hand(ctx, carrier.Call{
		Path: "/", ContentType: "application/x-www-form-urlencoded; charset=utf-8", Body: []byte(s.form(d.Endpoint, text)),
	})
}

// form is the body of SNS's Publish.
func (s *Sender) form(to, text string) string {
	form := url.Values{
		"Action":      {"Publish"},
		"Version":     {"2010-03-31"},
		"PhoneNumber": {to},
		"Message":     {strings.ToValidUTF8(text, "\uFFFD")},
	}
	for i, a := range s.attributes {
		entry := "MessageAttributes.entry." + strconv.Itoa(i+1) + "."
		form.Set(entry+"Name", a[0])
		form.Set(entry+"Value.DataType", "String")
		form.Set(entry+"Value.StringValue", a[1])
	}
	return form.Encode()
}

// read finds the id of an SMS, or the code of a refusal.
func read(_ http.Header, body []byte) (id, code string) {
	if found := idElement().FindSubmatch(body); found != nil {
		id = string(found[1])
	}
	if found := codeElement().FindSubmatch(body); found != nil {
		code = string(found[1])
	}
	return id, code
}

// Two elements are all that is wanted of the XML. Texts have no < in it.
var (
	idElement   = pattern(`<MessageId>\s*([A-Za-z0-9-]+)\s*</MessageId>`)
	codeElement = pattern(`<Code>\s*([A-Za-z0-9.]+)\s*</Code>`)
)
