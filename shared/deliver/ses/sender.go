// Package ses sends e-mails through Amazon SES.
//
// SES is given subject, texts and a few headers ("simple" content) and makes the mail
// of them. A raw mail would gain nothing, for SES sets Message-ID and Date itself, and
// it would need a second permission and a writer of mails: that of shared/deliver/smtp
// brings templates along, which functions must not carry.
package ses

import (
	"context"
	"errors"
	"net/mail"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/carrier"
	"tocsin/shared/deliver/letter"
)

// Client is as much of the client of SES as is needed.
type Client interface {
	SendEmail(ctx context.Context, in *sesv2.SendEmailInput, options ...func(*sesv2.Options)) (*sesv2.SendEmailOutput, error)
}

// Config says how mails are sent.
type Config struct {
	Client           Client
	From             string  // the address that mails come from, or whose domain SES has verified
	ConfigurationSet string  // name; empty for none
	Rate             float64 // mails a second; 0 for no bound but that of SES
}

// Sender sends mails.
type Sender struct {
	client           Client
	from             string
	configurationSet *string
	carrier          *carrier.Carrier
}

// New makes a sender. The error names the field that is missing or wrong.
func New(c Config) (*Sender, error) {
	switch {
	case c.Client == nil:
		return nil, errors.New("ses: Config.Client is missing")
	case !letter.IsSender(c.From):
		return nil, errors.New("ses: Config.From must be the bare address that mails come from, in ASCII, such as notify@example.com")
	case c.ConfigurationSet != "" && !setName.MatchString(c.ConfigurationSet):
		return nil, errors.New("ses: Config.ConfigurationSet must be a name of up to 64 letters, digits, hyphens and underscores")
	}
	s := &Sender{client: c.Client, from: c.From}
	if c.ConfigurationSet != "" {
		s.configurationSet = aws.String(c.ConfigurationSet)
	}
	var err error
	s.carrier, err = carrier.New(carrier.Config{Name: "SES", Rate: c.Rate})
	return s, err
}

var setName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Send sends d as a mail, which is delivered when SES has taken it. What an answer
// means is carrier.Hand's. An address that cannot be written to is dead.
func (s *Sender) Send(ctx context.Context, d deliver.Delivery) deliver.Outcome {
	switch {
	case !letter.IsAddress(d.Endpoint):
		return deliver.Outcome{Result: deliver.Dead, Reason: "the endpoint is not a mail address"}
	case !letter.IsASCII(d.Endpoint):
		return deliver.Outcome{Result: deliver.Dead, Reason: "SES does not take addresses with other characters than ASCII"}
	}
	in := s.write(d)
	return s.carrier.Hand(ctx, func(ctx context.Context) (*string, error) {
		out, err := s.client.SendEmail(ctx, in, once)
		if err != nil {
			return nil, err //nolint:wrapcheck // its reason is found there
		}
		return out.MessageId, nil
	})
}

// once: trying again is the worker's affair.
func once(o *sesv2.Options) {
	o.Retryer = aws.NopRetryer{}
	o.HTTPClient = carrier.Bounded(o.HTTPClient)
}

// write makes the mail of a delivery.
func (s *Sender) write(d deliver.Delivery) *sesv2.SendEmailInput {
	from := mail.Address{Name: letter.SenderName(d), Address: s.from}
	var headers []types.MessageHeader
	for _, f := range letter.Header(d) {
		headers = append(headers, types.MessageHeader{Name: aws.String(f.Name), Value: aws.String(f.Value)})
	}
	return &sesv2.SendEmailInput{
		FromEmailAddress:     aws.String(from.String()),
		Destination:          &types.Destination{ToAddresses: []string{d.Endpoint}},
		ConfigurationSetName: s.configurationSet,
		Content: &types.EmailContent{Simple: &types.Message{
			Subject: &types.Content{Data: aws.String(letter.SubjectHeader(d))},
			Body:    &types.Body{Text: text(letter.Text(d)), Html: text(letter.HTML(d))},
			Headers: headers,
		}},
	}
}

func text(s string) *types.Content {
	return &types.Content{Charset: aws.String("UTF-8"), Data: aws.String(strings.ToValidUTF8(s, "\uFFFD"))}
}
