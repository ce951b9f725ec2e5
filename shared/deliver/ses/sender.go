// Package ses sends e-mails through Amazon SES.
//
// SES is given subject, texts and a few headers ("simple" content) and makes the mail
// of them. A raw mail would gain nothing, for SES sets Message-ID and Date itself, and
// it would need a second permission.
package ses

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/carrier"
	"tocsin/shared/deliver/letter"
)

// Config says how mails are sent.
type Config struct {
	AWS              aws.Config // region and credentials; BaseEndpoint and HTTPClient if they are set
	From             string     // the address that mails come from: SES has verified it, or its domain
	ConfigurationSet string     // its name; empty for none
	Rate             float64    // mails a second; 0 for no bound but that of SES
}

// Sender sends mails.
type Sender struct {
	from             string
	configurationSet string
	carrier          *carrier.Carrier
}

// New makes a sender. The error names the field that is missing or wrong.
func New(c Config) (*Sender, error) {
	if !letter.IsSender(c.From) {
		return nil, errors.New("ses: Config.From must be the bare address that mails come from, in ASCII, such as notify@example.com")
	}
	if c.ConfigurationSet != "" && !isSetName(c.ConfigurationSet) {
		return nil, errors.New("ses: Config.ConfigurationSet must be a name of up to 64 letters, digits, hyphens and underscores")
	}
	made, err := carrier.New(carrier.Config{Name: "SES", Host: "email", Signing: "ses", AWS: c.AWS, Rate: c.Rate, Read: read})
	if err != nil {
		return nil, fmt.Errorf("ses: %w", err)
	}
	return &Sender{from: c.From, configurationSet: c.ConfigurationSet, carrier: made}, nil
}

// isSetName compiles its pattern at each call, of which there is one at most.
func isSetName(s string) bool { return regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`).MatchString(s) }

// Send sends d as a mail, which is delivered when SES has taken it. What an answer
// means is carrier.Hand's. An address that cannot be written to is dead.
func (s *Sender) Send(ctx context.Context, d deliver.Delivery) deliver.Outcome {
	problem := ""
	switch {
	case !letter.IsAddress(d.Endpoint):
		problem = "the endpoint is not a mail address"
	case !letter.IsASCII(d.Endpoint):
		problem = "SES does not take addresses with other characters than ASCII"
	}
	body, err := json.Marshal(s.write(d))
	if err != nil {
		problem = "the mail could not be written"
	}
	if problem != "" {
		return deliver.Outcome{Result: deliver.Dead, Reason: problem}
	}
	return s.carrier.Hand(ctx, carrier.Call{Path: "/v2/email/outbound-emails", ContentType: "application/json", Body: body})
}

// write makes the mail of a delivery.
func (s *Sender) write(d deliver.Delivery) request {
	r := request{From: letter.FromHeader(d, s.from), ConfigurationSet: s.configurationSet}
	r.Destination.To = []string{d.Endpoint}
	m := &r.Content.Simple
	m.Subject.Data = letter.SubjectHeader(d)
	m.Body.Text = content{letter.Text(d), "UTF-8"}
	m.Body.HTML = content{letter.HTML(d), "UTF-8"}
	m.Headers = letter.Header(d)
	return r
}

// request is the body of SES's SendEmail.
type request struct {
	From             string `json:"FromEmailAddress"`
	ConfigurationSet string `json:"ConfigurationSetName,omitempty"`
	Destination      struct {
		To []string `json:"ToAddresses"`
	}
	Content struct {
		Simple struct {
			Subject content
			Body    struct {
				Text content
				HTML content `json:"Html"`
			}
			Headers []letter.Field
		}
	}
}

// content is a text. Without a charset it is ASCII.
type content struct {
	Data    string
	Charset string `json:",omitempty"`
}

// read finds the id of a mail, or the code of a refusal.
func read(header http.Header, body []byte) (id, code string) {
	var said struct {
		MessageID string `json:"MessageId"`
		Type      string `json:"__type"`
	}
	_ = json.Unmarshal(body, &said) // what cannot be read is not there
	if code = header.Get("X-Amzn-ErrorType"); code == "" {
		code = said.Type
	}
	code, _, _ = strings.Cut(code, ":") // an address can follow, and a name space go before
	return said.MessageID, code[strings.LastIndexByte(code, '#')+1:]
}
