package embedded

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReportsReadNoMoreThanTheyNeed: the dead deliveries of a message are counted
// without their rows.
func TestReportsReadNoMoreThanTheyNeed(t *testing.T) {
	db := open(t, t.TempDir())
	var plan string
	require.NoError(t, db.read(t.Context(), func(s *session) error {
		var a, b, c int
		_, err := s.get(`EXPLAIN QUERY PLAN `+countDead, []any{""}, &a, &b, &c, &plan)
		return err
	}))
	require.Contains(t, plan, "COVERING INDEX failure_dead")
}
