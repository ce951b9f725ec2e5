package embedded

import "time"

// keepsDead says whether a delivery of a message has died at a time or later. The
// rows of a report go together, or its counts would be wrong.
func (tx *tx) keepsDead(messageID string, young time.Time) (keeps bool, err error) {
	var one int
	return tx.get(`SELECT 1 FROM failure WHERE message = ? AND dead AND at >= ? LIMIT 1`, []any{messageID, micros(young)}, &one)
}
