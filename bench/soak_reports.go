package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"tocsin/internal/trial"
	"tocsin/shared/client"
	"tocsin/shared/smn"
)

const (
	askers     = 8               // reports that are asked for at once
	askingTime = 2 * time.Minute // for all reports; a fan-out that has not ended by then is a report that does not add up
)

// account asks for the report of each message that has not arrived everywhere: what
// is missing must be retrying or dead. Whoever is late gets messages meanwhile, so
// it counts again.
func (s *soaking) account(ctx context.Context) error {
	c, err := trial.LocalClient(s.life.Process)
	if err != nil {
		return err
	}
	patient, cancel := context.WithTimeout(ctx, askingTime)
	defer cancel()
	notes := make(chan trial.Note)
	errs := make([]error, askers)
	var mu sync.Mutex // of the sums in s
	var work sync.WaitGroup
	for i := range askers {
		work.Go(func() {
			for note := range notes {
				if errs[i] != nil {
					continue
				}
				report, err := reportOn(ctx, patient, c, note)
				if err != nil {
					errs[i] = fmt.Errorf("report on message %s: %w", note.MessageID, err)
					continue
				}
				// After the report: a delivery is taken off it when it has arrived.
				b := balanceOf(note, s.sink.Ledger, report)
				mu.Lock()
				s.asked++
				s.unaccounted += b.unaccounted
				if b.wrong {
					s.wrong++
				}
				mu.Unlock()
			}
		})
	}
	for _, note := range s.book.Notes() {
		expected, late := note.Missing(s.sink.Ledger, isTroubled)
		s.troubled, s.late = s.troubled+expected, s.late+late
		if _, missing := note.Missing(s.sink.Ledger, isReliable); late+missing > 0 {
			notes <- note
		}
	}
	close(notes)
	work.Wait()
	return errors.Join(errs...)
}

// reportOn asks for a report until the fan-out has ended or patient has; the last
// answer counts. A message that the service does not know has an empty report.
func reportOn(ctx, patient context.Context, c *client.Client, note trial.Note) (report smn.MessageReport, err error) {
	_ = trial.Until(patient, pollEvery, func() bool {
		asking, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		report, err = c.GetMessageReport(asking, smn.MessageReportInput{TopicURN: note.Topic.URN, MessageID: note.MessageID, Limit: 1})
		return err != nil || report.FannedOut
	})
	if smn.CodeOf(err) == smn.ResourceNotFound {
		return smn.MessageReport{}, nil
	}
	return report, err
}

// balance is what a report says beside what has arrived.
type balance struct {
	unaccounted int  // deliveries to endpoints in trouble that have not arrived and are neither retrying nor dead
	wrong       bool // the counts do not add up, or the fan-out has not ended
}

func balanceOf(note trial.Note, l *trial.Ledger, report smn.MessageReport) balance {
	_, late := note.Missing(l, isTroubled)
	_, missing := note.Missing(l, isReliable) // which is counted as lost already
	n := report.Counts
	return balance{
		unaccounted: min(max(late+missing-n.Retrying-n.Dead, 0), late),
		wrong: !report.FannedOut || n.Delivered+n.Retrying+n.Dead != n.Matched ||
			n.Matched != len(note.Topic.Endpoints) || min(n.Delivered, n.Retrying, n.Dead) < 0,
	}
}
