package validation

import (
	"errors"
	"fmt"
	"slices"

	"tocsin/shared/smn"
)

// checkPolling: rounds in different places. Whether their URNs are those of
// subscriptions is for the broker to see.
func checkPolling(rounds []smn.PollingRound) error {
	if len(rounds) < 1 || len(rounds) > smn.MaxPollingRounds {
		return fmt.Errorf("polling has 1 to %d rounds", smn.MaxPollingRounds)
	}
	for i, round := range rounds {
		switch {
		case round.Order < 1 || round.Order > smn.MaxPollingRounds:
			return fmt.Errorf("the order of a round must be from 1 to %d", smn.MaxPollingRounds)
		case slices.ContainsFunc(rounds[:i], func(r smn.PollingRound) bool { return r.Order == round.Order }):
			return errors.New("the rounds must differ in their order")
		case len(round.SubscriptionURNs) < 1 || len(round.SubscriptionURNs) > smn.MaxPollingTargets:
			return fmt.Errorf("a round has 1 to %d subscriptions", smn.MaxPollingTargets)
		}
	}
	return nil
}
