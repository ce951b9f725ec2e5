package wire

import "time"

// timeLayout is how the API writes times: UTC, whole seconds.
const timeLayout = "2006-01-02T15:04:05Z"

// Time writes t as the API does: 2024-07-10T09:45:00Z.
func Time(t time.Time) string { return t.UTC().Format(timeLayout) }

// ParseTime reads what Time writes.
func ParseTime(s string) (time.Time, error) { return time.Parse(timeLayout, s) }
