package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"tocsin/shared/client"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// publishCommand sends a message.
type publishCommand struct {
	connection
	output
	Topic   string        `arg:"" help:"Name or URN."`
	Message string        `arg:"" optional:"" help:"The text; read from standard input unless given."`
	Subject string        `help:"Subject of mails." placeholder:"TEXT"`
	TTL     time.Duration `help:"How long it is tried to deliver the message (an hour unless set)." placeholder:"DURATION"`
}

// Run publishes and shows the id of the message.
func (c *publishCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	topic, err := topicURN(ctx, svc, c.Topic)
	if err != nil {
		return err
	}
	if c.Message == "" {
		text, err := io.ReadAll(io.LimitReader(os.Stdin, smn.MaxMessage+1)) // one too many is refused by the service
		if err != nil {
			return fmt.Errorf("read the message from standard input: %w", err)
		}
		c.Message = string(text)
	}
	id, err := svc.Publish(ctx, smn.PublishInput{TopicURN: topic, Subject: c.Subject, Message: c.Message, TimeToLive: c.TTL})
	if err != nil {
		return err
	}
	return c.one(w, wire.PublishResponse{MessageID: id}, [2]string{"Message", id})
}
