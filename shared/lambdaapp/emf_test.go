package lambdaapp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/httpapi"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

var metricsTime = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// The line is typed from the specification of the embedded metric format.
func TestMetricsLine(t *testing.T) {
	var out bytes.Buffer
	m := newMetrics(&out, "tocsin", func() time.Time { return metricsTime })
	m.FannedOut(256)
	m.FannedOut(3)
	m.flush()
	require.JSONEq(t, `{
		"_aws": {
			"Timestamp": 1795348800000,
			"CloudWatchMetrics": [{
				"Namespace": "Tocsin",
				"Dimensions": [["Stack"]],
				"Metrics": [{"Name": "FanOut", "Unit": "Count"}]
			}]
		},
		"Stack": "tocsin",
		"FanOut": [256, 3]
	}`, out.String())
	require.Equal(t, 1, strings.Count(out.String(), "\n"))

	out.Reset()
	m.flush()
	require.Empty(t, out.String(), "what was written once is not written again")
}

func TestMetricsOfAttempts(t *testing.T) {
	m, read := collected()
	m.Attempted(deliver.Attempt{
		Type: wire.TypeNotification, Protocol: smn.HTTPS, Number: 1, Result: deliver.Delivered, Took: 20 * time.Millisecond, SinceAccepted: 2 * time.Second,
	})
	m.Attempted(deliver.Attempt{
		Type: wire.TypeNotification, Protocol: smn.HTTPS, Number: 2, Result: deliver.Delivered, Took: 30 * time.Millisecond, SinceAccepted: 3 * time.Second,
	})
	m.Attempted(deliver.Attempt{Type: wire.TypeConfirmation, Protocol: smn.Email, Number: 1, Result: deliver.Delivered, Took: time.Second})
	m.Attempted(deliver.Attempt{Type: wire.TypeNotification, Protocol: smn.HTTPS, Number: 1, Result: deliver.Again, Took: 5 * time.Second})
	m.Attempted(deliver.Attempt{Type: wire.TypeNotification, Protocol: smn.HTTPS, Number: 6, Result: deliver.Dead, Took: time.Second})
	m.GivenUp()
	got := read()
	require.Equal(t, map[string][]float64{
		"Delivered": {2}, "Retried": {2}, "Dead": {1}, "DeliveryLatency": {2, 3},
		"AttemptDuration https delivered": {.02, .03}, "AttemptDuration https again": {5}, "AttemptDuration https dead": {1},
		"AttemptDuration email delivered": {1},
	}, got)
}

func TestMetricsOfRequests(t *testing.T) {
	m, read := collected()
	m.Answered(httpapi.Publish.Name, 200, time.Second)
	m.Answered(httpapi.Publish.Name, 403, time.Second)
	m.Answered(httpapi.PublishAlerts.Name, 200, time.Second)
	m.Answered(httpapi.PublishAlerts.Name, 404, time.Second)
	m.Answered(httpapi.CreateTopic.Name, 201, time.Second)
	m.Accepted()
	require.Equal(t, map[string][]float64{"Accepted": {3}}, read())
}

func TestMetricsOfTasks(t *testing.T) {
	m, read := collected()
	m.Taken(90 * time.Second)
	m.Taken(-time.Second) // clocks differ
	require.Equal(t, map[string][]float64{"TaskLate": {90, 0}}, read())
}

// CloudWatch takes a hundred values of a metric from one line.
func TestMetricsInSeveralLines(t *testing.T) {
	for _, n := range []int{100, 101, 250} {
		m, read := collected()
		var want []float64
		for i := range n {
			m.FannedOut(i)
			want = append(want, float64(i))
		}
		m.Taken(time.Second)
		require.Equal(t, map[string][]float64{"FanOut": want, "TaskLate": {1}}, read())
	}
}

func TestMetricsFromManyGoroutines(t *testing.T) {
	m, read := collected()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				m.Accepted()
				m.FannedOut(1)
			}
		})
	}
	all.Wait()
	got := read()
	require.Equal(t, []float64{400}, got["Accepted"])
	require.Len(t, got["FanOut"], 400)
}

func TestNoMetricsWithoutAStack(t *testing.T) {
	var out bytes.Buffer
	m := newMetrics(&out, "", time.Now)
	m.Accepted()
	m.flush()
	require.Empty(t, out.String())
}

func TestFlushed(t *testing.T) {
	m, read := collected()
	handle := flushed(m, func(_ context.Context, fail bool) (string, error) {
		m.Accepted()
		if fail {
			return "", errors.New("broken")
		}
		return "done", nil
	})
	out, err := handle(t.Context(), false)
	require.NoError(t, err)
	require.Equal(t, "done", out)
	_, err = handle(t.Context(), true)
	require.EqualError(t, err, "broken")
	require.Equal(t, map[string][]float64{"Accepted": {1, 1}}, read())
}

// The template reads the metrics that there are.
func TestTemplateKnowsTheMetrics(t *testing.T) {
	template, err := os.ReadFile("../../template.yaml")
	require.NoError(t, err)
	for metric := range metricUnits {
		require.Contains(t, string(template), metric)
	}
	require.Contains(t, string(template), metricsNamespace)
}

// collected gives metrics, and what reads the values of their lines, by metric,
// protocol and result. It checks what holds for each line.
func collected() (*metrics, func() map[string][]float64) {
	var out bytes.Buffer
	m := newMetrics(&out, "tocsin", time.Now)
	return m, func() map[string][]float64 {
		m.flush()
		values := map[string][]float64{}
		for line := range strings.Lines(out.String()) {
			var l struct {
				AWS struct {
					CloudWatchMetrics []struct {
						Dimensions [][]string
						Metrics    []struct{ Name, Unit string }
					}
				} `json:"_aws"`
				Protocol, Result string
			}
			var members map[string]any
			if json.Unmarshal([]byte(line), &l) != nil || json.Unmarshal([]byte(line), &members) != nil {
				return nil
			}
			for _, metric := range l.AWS.CloudWatchMetrics[0].Metrics {
				name := strings.TrimSpace(metric.Name + " " + l.Protocol + " " + l.Result)
				if metric.Unit == "" || (len(l.AWS.CloudWatchMetrics[0].Dimensions[0]) == 3) != (l.Protocol != "") {
					return nil
				}
				switch v := members[metric.Name].(type) {
				case float64:
					values[name] = append(values[name], v)
				case []any:
					if len(v) > 100 {
						return nil
					}
					for _, value := range v {
						values[name] = append(values[name], value.(float64))
					}
				}
			}
		}
		return values
	}
}
