package dynamostore

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tocsin/shared/awsjson"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// errCondition is the error of a write whose condition does not hold.
var errCondition = errors.New("the condition does not hold")

// cancelled is the error of a transaction of which a condition does not hold. It is
// errCondition, too.
type cancelled struct {
	index int // of the first such write
	row   row // what is there; without attributes when there is nothing
}

func (c *cancelled) Error() string {
	return fmt.Sprintf("the condition of write %d does not hold", c.index)
}

func (c *cancelled) Unwrap() error { return errCondition }

// failedAt gives the write of a transaction whose condition does not hold, -1 if
// err is something else, and what is there instead.
func failedAt(err error) (index int, there row) {
	if c, ok := errors.AsType[*cancelled](err); ok {
		return c.index, c.row
	}
	return -1, row{}
}

// readRefusal gives the code of an error of DynamoDB, and what else it tells. The code
// of any other error is empty.
func readRefusal(err error) (code string, tells refusal) {
	if e, ok := errors.AsType[*awsjson.Error](err); ok {
		_ = json.Unmarshal(e.Body, &tells) // most tell nothing
		return e.Code, tells
	}
	return "", refusal{}
}

// conditionFailed says whether err is that of a condition, and what is there.
func conditionFailed(err error) (there item, failed bool) {
	code, tells := readRefusal(err)
	return tells.Item, code == "ConditionalCheckFailedException"
}

const codeCanceled = "TransactionCanceledException"

// whichCondition makes a *cancelled of the error of a transaction, if it is one.
func whichCondition(err error) error {
	if code, tells := readRefusal(err); code == codeCanceled {
		for i, reason := range tells.CancellationReasons {
			if reason.Code == "ConditionalCheckFailed" {
				return &cancelled{index: i, row: rowOf(reason.Item)}
			}
		}
	}
	return err
}

// token names a transaction, so that sending it twice does it once.
func token() string { return rand.Text() }

// errUnprocessed is why a part of a batch waits.
var errUnprocessed = errors.New("DynamoDB left some of it for later")

// call makes a call, and again until the table is not busy.
func (t *table) call(ctx context.Context, operation string, in, out any) error {
	var pause backoff
	for {
		err := t.api.Call(ctx, operation, in, out)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case !isBusy(err):
			return err
		}
		if err := pause.wait(ctx, err); err != nil {
			return err
		}
	}
}

// isBusy says whether a call has changed nothing and may succeed in a moment: another
// transaction was at the same rows, or too much is asked of the table.
func isBusy(err error) bool {
	code, tells := readRefusal(err)
	if code != codeCanceled {
		return busyCodes[code] || awsjson.Throttled(err)
	}
	for _, reason := range tells.CancellationReasons {
		if reason.Code != "None" && !busyCodes[reason.Code] {
			return false
		}
	}
	return true
}

var busyCodes = map[string]bool{
	"TransactionConflict":                    true,
	"TransactionConflictException":           true,
	"TransactionInProgressException":         true,
	"ThrottlingError":                        true,
	"ThrottlingException":                    true,
	"ProvisionedThroughputExceeded":          true,
	"ProvisionedThroughputExceededException": true,
	"RequestLimitExceeded":                   true,
}

// How long a call waits for the table.
const (
	firstPause = 20 * time.Millisecond
	maxPause   = time.Second
	maxWait    = 10 * time.Second // in all, without the calls themselves
)

// backoff is the pauses of one call.
type backoff struct {
	tries  int
	waited time.Duration
}

// wait lasts until the next try. When it has been long enough the error is
// store.ErrFull, with why for the log alone.
func (b *backoff) wait(ctx context.Context, why error) error {
	if b.waited >= maxWait {
		full := smn.Errorf(smn.Overloaded, "%w: the table is busy; try again later", store.ErrFull)
		return fmt.Errorf("%w (%v)", full, why) //nolint:errorlint // the cause is for the log alone
	}
	began := time.Now()
	err := awsjson.Pause(ctx, min(maxPause, firstPause<<min(b.tries, 10)))
	b.tries++
	b.waited += time.Since(began)
	return err
}
