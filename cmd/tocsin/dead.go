package main

import (
	"context"
	"io"
	"strconv"

	"tocsin/shared/client"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// deadCommand is what the client does with deliveries that were given up.
type deadCommand struct {
	List      deadListCommand      `cmd:"" help:"List the dead deliveries of a topic."`
	Redeliver deadRedeliverCommand `cmd:"" help:"Try dead deliveries of a topic once more: all, unless flags say which."`
}

// deadFlags say which dead deliveries a command is about.
type deadFlags struct {
	Message      string `help:"Only those of this message." placeholder:"ID"`
	Subscription string `help:"Only those to this subscription." placeholder:"URN"`
}

func (f deadFlags) filter(marker string) smn.DeadFilter {
	return smn.DeadFilter{MessageID: f.Message, SubscriptionURN: f.Subscription, Marker: marker}
}

type deadListCommand struct {
	connection
	output
	topicArg
	deadFlags
}

// Run lists dead deliveries, those of the newest message first.
func (c *deadListCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	topic, err := c.urn(ctx, svc)
	if err != nil {
		return err
	}
	dead, err := markedAll(0, func(marker string, limit int) ([]smn.DeadDelivery, error) {
		return svc.ListDeadDeliveries(ctx, smn.ListDeadDeliveriesInput{TopicURN: topic, Limit: limit, DeadFilter: c.filter(marker)})
	}, smn.DeadDelivery.Marker)
	if err != nil {
		return err
	}
	values := wire.List(dead, wire.NewDeadDelivery)
	rows := make([][]string, len(values))
	for i, d := range values {
		rows[i] = []string{d.MessageID, d.At, strconv.Itoa(d.Attempts), statusOf(d.DeliveryFailure), d.Protocol, d.SubscriptionURN}
	}
	return c.table(w, values, []string{"MESSAGE", "DIED", "ATTEMPTS", "LAST", "PROTOCOL", "SUBSCRIPTION"}, rows)
}

type deadRedeliverCommand struct {
	connection
	output
	topicArg
	deadFlags
}

// Run revives dead deliveries, call by call, and tells how many.
func (c *deadRedeliverCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	topic, err := c.urn(ctx, svc)
	if err != nil {
		return err
	}
	var sum int
	for in := (smn.RedeliverInput{TopicURN: topic, DeadFilter: c.filter("")}); ; {
		out, err := svc.Redeliver(ctx, in)
		if err != nil {
			return onlyTocsin(err)
		}
		if sum += out.Redelivered; out.Marker == "" {
			break
		}
		in.Marker = out.Marker
	}
	return c.one(w, map[string]int{"redelivered": sum}, [2]string{"Redelivered", strconv.Itoa(sum)})
}
