package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"tocsin/shared/client"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// messageCommand is what the client does with messages that are published.
type messageCommand struct {
	List messageListCommand `cmd:"" help:"List the last messages of a topic."`
	Show messageShowCommand `cmd:"" help:"Tell how the delivery of a message stands."`
}

// onlyTocsin says so of a call that SMN does not have.
func onlyTocsin(err error) error {
	if smn.CodeOf(err) == smn.NoRoute {
		return errors.New("only Tocsin has a call for this")
	}
	return err
}

// markedAll reads a list to its end, or to so many items if that is not 0. A
// page begins behind the marker of the last item before it.
func markedAll[T any](most int, page func(marker string, limit int) ([]T, error), marker func(T) string) ([]T, error) {
	items := []T{}
	for last := ""; ; {
		limit := smn.DefaultLimit
		if most > 0 {
			limit = min(limit, most-len(items))
		}
		more, err := page(last, limit)
		if err != nil {
			return nil, onlyTocsin(err)
		}
		items = append(items, more...)
		if len(more) < limit || len(items) == most {
			return items, nil
		}
		last = marker(more[len(more)-1])
	}
}

type messageListCommand struct {
	connection
	output
	topicArg
	Last int `default:"20" help:"How many (default ${default}); 0 for all that are kept." placeholder:"NUMBER"`
}

// Run lists messages, newest first.
func (c *messageListCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	topic, err := c.urn(ctx, svc)
	if err != nil {
		return err
	}
	if c.Last < 0 {
		return errors.New("-last must not be negative")
	}
	messages, err := markedAll(c.Last, func(marker string, limit int) ([]smn.PublishedMessage, error) {
		return svc.ListMessages(ctx, smn.ListMessagesInput{TopicURN: topic, Limit: limit, Marker: marker})
	}, func(m smn.PublishedMessage) string { return m.ID })
	if err != nil {
		return err
	}
	rows := make([][]string, len(messages))
	for i, m := range messages {
		rows[i] = []string{m.ID, wire.Time(m.AcceptedAt), m.Subject}
	}
	return c.table(w, wire.List(messages, wire.NewPublishedMessage), []string{"MESSAGE", "ACCEPTED", "SUBJECT"}, rows)
}

type messageShowCommand struct {
	connection
	output
	topicArg
	Message string `arg:"" help:"Id of the message."`
}

// Run shows the counts and every failure.
func (c *messageShowCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	topic, err := c.urn(ctx, svc)
	if err != nil {
		return err
	}
	var report smn.MessageReport
	failures, err := markedAll(0, func(marker string, limit int) ([]smn.DeliveryFailure, error) {
		report, err = svc.GetMessageReport(ctx, smn.MessageReportInput{TopicURN: topic, MessageID: c.Message, Limit: limit, Marker: marker})
		return report.Failures, err
	}, func(f smn.DeliveryFailure) string { return f.SubscriptionURN.String() })
	if err != nil {
		return err
	}
	report.Failures = failures
	fanOut := "under way"
	if report.FannedOut {
		fanOut = "finished"
	}
	spelt := wire.NewMessageReport("", topic, report)
	if err := c.one(w, spelt,
		[2]string{"Message", report.ID},
		[2]string{"Topic", topic},
		[2]string{"Subject", report.Subject},
		[2]string{"Accepted", spelt.AcceptedAt},
		[2]string{"Expires", spelt.ExpiresAt},
		[2]string{"Fan-out", fanOut},
		[2]string{"Matched", strconv.Itoa(report.Counts.Matched)},
		[2]string{"Delivered", strconv.Itoa(report.Counts.Delivered)},
		[2]string{"Retrying", strconv.Itoa(report.Counts.Retrying)},
		[2]string{"Dead", strconv.Itoa(report.Counts.Dead)},
		[2]string{"Filtered", strconv.Itoa(report.Counts.Filtered)},
	); err != nil || c.Output == "json" || len(failures) == 0 {
		return err
	}
	fmt.Fprintln(w)
	rows := make([][]string, len(failures))
	for i, f := range spelt.Failures {
		rows[i] = []string{f.State, strconv.Itoa(f.Attempts), statusOf(f), f.NextAttemptAt, f.Protocol, f.SubscriptionURN}
	}
	return c.table(w, nil, []string{"STATE", "ATTEMPTS", "LAST", "NEXT", "PROTOCOL", "SUBSCRIPTION"}, rows)
}

// statusOf is how the last attempt ended.
func statusOf(f wire.DeliveryFailure) string {
	if f.Status == 0 || f.Reason != "" {
		return f.Reason
	}
	return strconv.Itoa(f.Status)
}
