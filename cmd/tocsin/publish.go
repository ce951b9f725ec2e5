package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"time"

	"tocsin/shared/client"
	"tocsin/shared/smn"
)

// publishCommand sends a message: a text, a structure or a template.
type publishCommand struct {
	connection
	output
	topicArg
	text
	Texts          map[string]string `name:"text" mapsep:"none" xor:"form" help:"The text for one protocol; may be repeated. The others get TEXT, or that for default." placeholder:"PROTOCOL=TEXT"`
	Structure      string            `xor:"form" help:"File with the texts by protocol, as JSON; - for the standard input." placeholder:"FILE"`
	Template       string            `xor:"form" help:"Name of a message template in place of a text." placeholder:"NAME"`
	Tag            map[string]string `mapsep:"none" help:"Value of a variable of the template; may be repeated." placeholder:"NAME=VALUE"`
	Attribute      []named           `sep:"none" help:"For the filters of subscriptions; may be repeated. smn_protocol limits the protocols." placeholder:"NAME=VALUE,VALUE"`
	Subject        string            `help:"Subject of mails." placeholder:"TEXT"`
	TTL            time.Duration     `help:"How long it is tried to deliver the message (an hour unless set)." placeholder:"DURATION"`
	IdempotencyKey string            `help:"A text of your own for this message: repeated within 24 hours with the same message it sends nothing. Only Tocsin knows it." placeholder:"KEY"`
	Locale         string            `help:"Language of what the service adds to mails, such as en-us or zh-cn." placeholder:"LOCALE"`
}

// Run publishes and shows the id of the message.
func (c *publishCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	in, err := c.input()
	if err != nil {
		return err
	}
	if in.TopicURN, err = c.urn(ctx, svc); err != nil {
		return err
	}
	id, err := svc.Publish(ctx, in)
	if err != nil {
		return err
	}
	return c.told(w, "Message", "message_id", id)
}

// input is the message without its topic.
func (c *publishCommand) input() (in smn.PublishInput, err error) {
	in = smn.PublishInput{Subject: c.Subject, TimeToLive: c.TTL, Locale: c.Locale, Attributes: c.attributes(), IdempotencyKey: c.IdempotencyKey}
	switch {
	case c.given() && (c.Structure != "" || c.Template != ""):
		return in, errors.New("a message is a text, a -structure or a -template: one of them")
	case c.Template != "":
		in.TemplateName, in.Tags = c.Template, c.Tag
	case c.Structure != "":
		in.Structure, err = readText(c.Structure)
	case len(c.Texts) > 0:
		in.Structure, err = c.structure()
	default:
		in.Message, err = c.read()
	}
	return in, err
}

// structure is the JSON of the texts for protocols, and of the text for the others.
func (c *publishCommand) structure() (string, error) {
	texts := maps.Clone(c.Texts)
	if c.given() {
		if _, ok := texts[string(smn.DefaultVariant)]; ok {
			return "", errors.New("the text for the other protocols is given twice")
		}
		text, err := c.read()
		if err != nil {
			return "", err
		}
		texts[string(smn.DefaultVariant)] = text
	}
	structure, err := json.Marshal(texts)
	if err != nil {
		return "", fmt.Errorf("encode the texts: %w", err)
	}
	return string(structure), nil
}

// protocolAttribute is the name that SMN's documents give to the attribute that
// limits a message to protocols.
const protocolAttribute = "smn_protocol"

func (c *publishCommand) attributes() (list []smn.MessageAttribute) {
	for _, a := range c.Attribute {
		kind := smn.StringAttribute
		switch {
		case a.name == protocolAttribute:
			kind = smn.ProtocolAttribute
		case len(a.values) > 1:
			kind = smn.StringArrayAttribute
		}
		list = append(list, smn.MessageAttribute{Name: a.name, Type: kind, Values: a.values})
	}
	return list
}
