package main

import (
	"context"
	"io"
	"strconv"
	"time"

	"tocsin/shared/client"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

type topicStatisticsCommand struct {
	connection
	output
	topicArg
	Last time.Duration `default:"24h" help:"How far to look back, at most 744h (default ${default})." placeholder:"DURATION"`
}

// Run counts by the hour; hours without any are left out.
func (c *topicStatisticsCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	urn, err := c.urn(ctx, svc)
	if err != nil {
		return err
	}
	now := time.Now()
	counts, err := svc.GetTopicStatistics(ctx, smn.TopicStatisticsInput{TopicURN: urn, From: now.Add(-c.Last), To: now})
	if err != nil {
		return err
	}
	rows := make([][]string, len(counts))
	for i, n := range counts {
		rows[i] = []string{wire.Time(n.Hour), strconv.Itoa(n.SMS)}
	}
	return c.table(w, wire.NewTopicStatistics("", counts).Statistics, []string{"HOUR", "SMS"}, rows)
}
