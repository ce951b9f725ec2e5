package embedded

import (
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// A project can have half a million SMS, so none of its rows are read to count
// those that fit, and a filter that few fit finds them by an index of its own.
func TestSMSFilters(t *testing.T) {
	failed := smn.SMSFailed
	db := open(t, t.TempDir())
	for _, c := range []struct {
		name  string
		query store.SMSQuery
		index string
	}{
		{"time", store.SMSQuery{From: moment, To: moment.Add(time.Hour)}, "COVERING INDEX sms_by_project (project=? AND accepted_at>? AND accepted_at<?)"},
		{"status", store.SMSQuery{Status: &failed}, "COVERING INDEX sms_by_project (project=?)"},
		{"signature", store.SMSQuery{SignID: "sign"}, "COVERING INDEX sms_by_project (project=?)"},
		{"endpoint", store.SMSQuery{Endpoint: "112", From: moment}, "COVERING INDEX sms_by_endpoint (project=? AND endpoint=? AND accepted_at>?)"},
		{"id", store.SMSQuery{ID: smn.NewID(), From: moment}, "INDEX sqlite_autoindex_sms_1 (id=?)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			filter, args := smsFilter(c.query)
			require.NoError(t, db.read(t.Context(), func(s *session) error {
				return s.each(`EXPLAIN QUERY PLAN SELECT count(*)`+filter, args, func(rows *sql.Rows) error {
					var a, b, d int
					var step string
					err := rows.Scan(&a, &b, &d, &step)
					require.Equal(t, "SEARCH sms USING "+c.index, step)
					return err
				})
			}))
		})
	}
}
