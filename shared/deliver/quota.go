package deliver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"tocsin/shared/flow"
	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// Quota bounds how many messages one person gets, whatever topics they come from,
// so that a loop of publishes cannot flood a mailbox or a phone. 0 is no bound.
// Confirmations do not count: they are bounded where they are caused.
type Quota struct {
	MailPerHour   int // notifications to one mail address
	SMSPerHour    int // SMS and calls to one number
	SMSPerHalfDay int // likewise, in twelve hours
}

// reasonQuota is why a delivery waits, or could not wait long enough.
const reasonQuota = "quota of the recipient is used up"

// windows are the bounds of a protocol; none for those that reach no person.
func (q Quota) windows(p smn.Protocol) (windows []flow.Window) {
	bound := func(limit int, length time.Duration) {
		if limit > 0 {
			windows = append(windows, flow.Window{Limit: limit, Length: length})
		}
	}
	switch p {
	case smn.Email:
		bound(q.MailPerHour, time.Hour)
	case smn.SMS, smn.Call:
		bound(q.SMSPerHour, time.Hour)
		bound(q.SMSPerHalfDay, 12*time.Hour)
	}
	return windows
}

// allowed counts a message to a person and answers 0; or, when their quota is used
// up, counts nothing and answers how long to wait before asking again. A message
// counts once, when its first attempt is to begin, so whoever asks has a slot and sends
// at once; it is not counted again if the sender put it off.
// Waits vary, so that not all that waits for one person returns at once.
func (w *Worker) allowed(ctx context.Context, d Delivery, counted bool) (wait time.Duration, err error) {
	limit := flow.Notifications(d.Protocol, d.Endpoint, w.quota.windows(d.Protocol))
	if counted || len(limit.Windows) == 0 {
		return 0, nil
	}
	now := w.now()
	outcomes, err := w.store.Admit(ctx, now, store.Admission{Limit: limit})
	if err != nil {
		return 0, fmt.Errorf("count a message to its recipient: %w", err)
	}
	throttled, is := errors.AsType[store.Throttled](outcomes[0])
	if !is {
		return 0, outcomes[0]
	}
	wait = max(throttled.Until.Sub(now), time.Millisecond)
	wait += rand.N(wait/10 + 1)
	w.log.LogAttrs(ctx, slog.LevelInfo, "attempt put off, "+reasonQuota,
		slog.String("message_id", d.MessageID), slog.String("subscription_urn", d.SubscriptionURN),
		slog.String("protocol", string(d.Protocol)), slog.Float64("wait_s", wait.Seconds()))
	return wait, nil
}

// held is the error of an attempt that was not made because its recipient's quota
// is used up: for how long it has to wait.
type held time.Duration

func (held) Error() string { return reasonQuota }
