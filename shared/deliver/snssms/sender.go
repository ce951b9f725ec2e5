// Package snssms sends SMS through Amazon SNS.
package snssms

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/carrier"
	"tocsin/shared/deliver/letter"
	"tocsin/shared/smn"
	"tocsin/shared/validation"
)

// Client is as much of the client of SNS as is needed.
type Client interface {
	Publish(ctx context.Context, in *sns.PublishInput, options ...func(*sns.Options)) (*sns.PublishOutput, error)
}

// Config says how SMS are sent.
type Config struct {
	Client Client
	From   string  // a number of the account's, +14155550199, or a name that phones show; empty for what SNS chooses
	Type   string  // Transactional or Promotional; empty for what the account is set to
	Rate   float64 // SMS a second; 0 for no bound but that of SNS
}

// Sender sends SMS.
type Sender struct {
	client     Client
	attributes map[string]types.MessageAttributeValue // of each SMS
	carrier    *carrier.Carrier
}

// New makes a sender. The error names the field that is missing or wrong.
func New(c Config) (*Sender, error) {
	s := &Sender{client: c.Client, attributes: make(map[string]types.MessageAttributeValue)}
	switch {
	case c.Client == nil:
		return nil, errors.New("snssms: Config.Client is missing")
	case number.MatchString(c.From):
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
	var err error
	s.carrier, err = carrier.New(carrier.Config{Name: "SNS", Rate: c.Rate})
	return s, err
}

func (s *Sender) set(name, value string) {
	s.attributes[name] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(value)}
}

// What SNS takes: numbers in the international form, names of senders.
var (
	number = regexp.MustCompile(`^\+[1-9][0-9]{1,14}$`)
	name   = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,9}[A-Za-z0-9])?$`)
)

func isName(s string) bool {
	return name.MatchString(s) && strings.ContainsFunc(s, func(r rune) bool { return r > '9' })
}

// Send sends d as an SMS, which is delivered when SNS has taken it. What an answer
// means is carrier.Hand's. A text that is too long for an SMS is dead, and so is a
// number that does not say its country.
func (s *Sender) Send(ctx context.Context, d deliver.Delivery) deliver.Outcome {
	text, problem := letter.Short(d)
	switch {
	case problem != "":
	case !validation.Fits(smn.SMS, d.Endpoint):
		problem = "the endpoint is not a phone number"
	case !number.MatchString(d.Endpoint):
		problem = "SNS takes only numbers with + and the code of the country"
	case text == "":
		problem = "the text is empty"
	}
	if problem != "" {
		return deliver.Outcome{Result: deliver.Dead, Reason: problem}
	}
	in := &sns.PublishInput{
		PhoneNumber:       aws.String(d.Endpoint),
		Message:           aws.String(strings.ToValidUTF8(text, "\uFFFD")),
		MessageAttributes: s.attributes,
	}
	return s.carrier.Hand(ctx, func(ctx context.Context) (*string, error) {
		out, err := s.client.Publish(ctx, in, once)
		if err != nil {
			return nil, err //nolint:wrapcheck // its reason is found there
		}
		return out.MessageId, nil
	})
}

// once: trying again is the worker's affair.
func once(o *sns.Options) {
	o.Retryer = aws.NopRetryer{}
	o.HTTPClient = carrier.Bounded(o.HTTPClient)
}
