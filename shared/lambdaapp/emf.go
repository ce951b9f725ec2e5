package lambdaapp

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"sync"
	"time"

	"tocsin/shared/deliver"
	"tocsin/shared/httpapi"
	"tocsin/shared/wire"
)

// metrics counts and measures for CloudWatch, in its embedded metric format: lines
// of JSON on stdout, which CloudWatch finds among the lines of the log. They carry
// the numbers that the binary shows at /metrics. What the gateway, Lambda and the
// queue measure by themselves is left to these.
//
// It meets httpapi.Observer and deliver.Observer. What it is told it keeps until
// flush, which belongs at the end of each invocation: an instance that waits for
// the next one stands still and may never go on.
type metrics struct {
	out   io.Writer
	stack string
	now   func() time.Time

	mu     sync.Mutex
	counts map[string]float64              // by metric
	values map[labels]map[string][]float64 // by metric
}

var (
	_ httpapi.Observer = (*metrics)(nil)
	_ deliver.Observer = (*metrics)(nil)
)

// labels tell series of one metric apart. Most metrics have one series.
type labels struct{ protocol, result string }

// metricsNamespace is where CloudWatch shows the metrics, by stack.
const metricsNamespace = "Tocsin"

// Metrics and their units. Names are part of template.yaml, whose alarms and
// dashboard read them.
const (
	metricAccepted  = "Accepted"        // messages that were published to a topic
	metricDelivered = "Delivered"       // notifications that reached an endpoint
	metricRetried   = "Retried"         // attempts that were not the first at their delivery
	metricDead      = "Dead"            // deliveries that were given up, after an attempt or without one
	metricLatency   = "DeliveryLatency" // from the acceptance of a message to each of its deliveries
	metricFanOut    = "FanOut"          // subscriptions of a finished chunk that a message was meant for
	metricLate      = "TaskLate"        // how late a task was taken from the queue
	metricAttempt   = "AttemptDuration" // by protocol and result
)

var metricUnits = map[string]string{
	metricAccepted: "Count", metricDelivered: "Count", metricRetried: "Count", metricDead: "Count",
	metricFanOut: "Count", metricLatency: "Seconds", metricLate: "Seconds", metricAttempt: "Seconds",
}

// newMetrics gives the metrics of a function of a stack. Without the name of a stack
// nothing is written.
func newMetrics(out io.Writer, stack string, now func() time.Time) *metrics {
	return &metrics{
		out: out, stack: stack, now: now,
		counts: map[string]float64{}, values: map[labels]map[string][]float64{},
	}
}

// Answered meets httpapi.Observer.
func (m *metrics) Answered(operation string, status int, _ time.Duration) {
	if httpapi.Publishes(operation) && status/100 == 2 {
		m.Accepted()
	}
}

// Accepted tells of a message that was published without a request.
func (m *metrics) Accepted() { m.count(metricAccepted) }

// Attempted meets deliver.Observer.
func (m *metrics) Attempted(a deliver.Attempt) {
	if a.Number > 1 {
		m.count(metricRetried)
	}
	if a.Result == deliver.Delivered && a.Type == wire.TypeNotification {
		m.count(metricDelivered)
		m.measure(metricLatency, labels{}, a.SinceAccepted.Seconds())
	}
	m.measure(metricAttempt, labels{string(a.Protocol), a.Result.String()}, a.Took.Seconds())
}

// GivenUp meets deliver.Observer.
func (m *metrics) GivenUp() { m.count(metricDead) }

// FannedOut meets deliver.Observer.
func (m *metrics) FannedOut(subscriptions int) {
	m.measure(metricFanOut, labels{}, float64(subscriptions))
}

// Taken tells that a task was taken from the queue, and how long after its time.
func (m *metrics) Taken(late time.Duration) {
	m.measure(metricLate, labels{}, max(late, 0).Seconds())
}

func (m *metrics) count(metric string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counts[metric]++
}

func (m *metrics) measure(metric string, l labels, value float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.values[l] == nil {
		m.values[l] = map[string][]float64{}
	}
	m.values[l][metric] = append(m.values[l][metric], value)
}

// maxValues is how many values of a metric CloudWatch takes from one line.
const maxValues = 100

// flush writes what has come since the last one, in one piece. A number that cannot
// be written is lost: no request fails for it.
func (m *metrics) flush() {
	m.mu.Lock()
	counts, values := m.counts, m.values
	m.counts, m.values = map[string]float64{}, map[labels]map[string][]float64{}
	m.mu.Unlock()
	if m.stack == "" {
		return
	}
	var lines bytes.Buffer
	members := map[string]any{}
	for metric, n := range counts {
		members[metric] = n
	}
	m.line(&lines, labels{}, members)
	for l, series := range values {
		for len(series) > 0 {
			members := map[string]any{}
			for metric, all := range series {
				n := min(len(all), maxValues)
				members[metric] = all[:n]
				if series[metric] = all[n:]; n == len(all) {
					delete(series, metric)
				}
			}
			m.line(&lines, l, members)
		}
	}
	_, _ = m.out.Write(lines.Bytes())
}

// metricName and the next two are the head of a line, as AWS spells it.
type metricName struct{ Name, Unit string }

type metricDirective struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []metricName
}

type metricHead struct {
	Timestamp         int64 // in milliseconds
	CloudWatchMetrics []metricDirective
}

// line adds a line of metrics to lines, unless there are none.
func (m *metrics) line(lines *bytes.Buffer, l labels, members map[string]any) {
	if len(members) == 0 {
		return
	}
	directive := metricDirective{Namespace: metricsNamespace, Dimensions: [][]string{{"Stack"}}}
	for metric := range members {
		directive.Metrics = append(directive.Metrics, metricName{metric, metricUnits[metric]})
	}
	members["Stack"] = m.stack
	if l != (labels{}) {
		directive.Dimensions[0] = append(directive.Dimensions[0], "Protocol", "Result")
		members["Protocol"], members["Result"] = l.protocol, l.result
	}
	members["_aws"] = metricHead{Timestamp: m.now().UnixMilli(), CloudWatchMetrics: []metricDirective{directive}}
	_ = json.NewEncoder(lines).Encode(members) // numbers and texts always fit
}

// flushed is a handler whose metrics are written at the end of each invocation, a
// failing one too.
func flushed[In, Out any](m *metrics, handle func(context.Context, In) (Out, error)) func(context.Context, In) (Out, error) {
	return func(ctx context.Context, in In) (Out, error) {
		defer m.flush()
		return handle(ctx, in)
	}
}
