package main

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tocsin/shared/deliver"
	"tocsin/shared/httpapi"
	"tocsin/shared/mns/door"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// metrics counts and measures for Prometheus. It observes the API and the worker,
// on the way of each request and each delivery, so it finds its series by array
// and allocates nothing.
type metrics struct {
	registry *prometheus.Registry

	requests *prometheus.HistogramVec
	answers  map[string]*[6]series // by operation, then by hundreds of the status
	attempts *prometheus.HistogramVec
	results  map[smn.Protocol]*[3]series // by protocol, then by result

	accepted, retries, givenUp prometheus.Counter
	delivery, chunk            prometheus.Histogram
}

// series is one of a vector, which appears at its first observation.
type series struct {
	found atomic.Pointer[prometheus.Observer]
}

func (s *series) observe(took time.Duration, vec *prometheus.HistogramVec, labels func() [2]string) {
	found := s.found.Load()
	if found == nil {
		l := labels()
		made := vec.WithLabelValues(l[0], l[1])
		found = &made
		s.found.Store(found)
	}
	(*found).Observe(took.Seconds())
}

// Upper bounds in seconds, and in subscriptions.
var (
	quick   = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	patient = []float64{.0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 15, 60, 300, 1800, 3600}
	sizes   = []float64{0, 1, 2, 4, 8, 16, 32, 64, 128, 256}
)

// operationNames are the names of all that can be asked for.
func operationNames() []string {
	names := door.Operations()
	for _, op := range httpapi.All() {
		names = append(names, op.Name)
	}
	return names
}

// newMetrics makes the metrics of an installation. count counts its backlog.
func newMetrics(operations []string, protocols []smn.Protocol, count func(context.Context) (*numbers, error)) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		answers:  map[string]*[6]series{"none": {}},
		results:  map[smn.Protocol]*[3]series{},
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tocsin_request_duration_seconds", Buckets: quick,
			Help: "Requests by operation (none: no operation took it) and class of their status, such as 2xx.",
		}, []string{"operation", "status"}),
		attempts: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tocsin_attempt_duration_seconds", Buckets: quick,
			Help: "Attempts at deliveries by protocol and result: delivered, again (a later one may succeed), dead (none will).",
		}, []string{"protocol", "result"}),
		accepted: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tocsin_messages_accepted_total", Help: "Messages that were published to a topic.",
		}),
		retries: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tocsin_retries_total", Help: "Attempts that were not the first at their delivery.",
		}),
		givenUp: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tocsin_given_up_total", Help: "Deliveries that were given up, after an attempt or without one.",
		}),
		delivery: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "tocsin_delivery_duration_seconds", Buckets: patient,
			Help: "Time from the acceptance of a message to each of its deliveries, retries included.",
		}),
		chunk: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "tocsin_chunk_subscriptions", Buckets: sizes,
			Help: "Subscriptions that a message was meant for, in each finished chunk of up to 256.",
		}),
	}
	for _, name := range operations {
		m.answers[name] = &[6]series{}
	}
	for _, p := range protocols {
		m.results[p] = &[3]series{}
	}
	m.registry.MustRegister(
		m.requests, m.attempts, m.accepted, m.retries, m.givenUp, m.delivery, m.chunk, backlog(count),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collectors.NewBuildInfoCollector(),
	)
	return m
}

// Answered meets httpapi.Observer and door.Observer.
func (m *metrics) Answered(operation string, status int, took time.Duration) {
	class := min(max(status/100, 0), 5)
	if class == 2 && (httpapi.Publishes(operation) || operation == door.Publish) {
		m.accepted.Inc()
	}
	if found := m.answers[operation]; found != nil {
		found[class].observe(took, m.requests, func() [2]string { return [2]string{operation, strconv.Itoa(class) + "xx"} })
	}
}

// Attempted meets deliver.Observer.
func (m *metrics) Attempted(a deliver.Attempt) {
	if a.Number > 1 {
		m.retries.Inc()
	}
	if a.Result == deliver.Delivered && a.Type == wire.TypeNotification {
		m.delivery.Observe(a.SinceAccepted.Seconds())
	}
	if found := m.results[a.Protocol]; found != nil {
		protocol, result := a.Protocol, a.Result
		found[result].observe(a.Took, m.attempts, func() [2]string { return [2]string{string(protocol), result.String()} })
	}
}

// GivenUp meets deliver.Observer.
func (m *metrics) GivenUp() { m.givenUp.Inc() }

// FannedOut meets deliver.Observer.
func (m *metrics) FannedOut(subscriptions int) { m.chunk.Observe(float64(subscriptions)) }

// handler answers scrapes. It needs no more than a few at once.
func (m *metrics) handler(log *slog.Logger) http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog:            slog.NewLogLogger(log.Handler(), slog.LevelError),
		ErrorHandling:       promhttp.ContinueOnError, // a store that does not answer is not all there is to see
		MaxRequestsInFlight: 4,
		Timeout:             2 * storePatience,
		Registry:            m.registry,
	})
}

// backlog counts at each scrape.
type backlog func(context.Context) (*numbers, error)

var (
	waitingDesc  = prometheus.NewDesc("tocsin_backlog_tasks", "Tasks that are not done: due, in hand, or waiting for their time.", nil, nil)
	oldestDesc   = prometheus.NewDesc("tocsin_oldest_task_seconds", "How late the task is that is late the longest.", nil, nil)
	deadDesc     = prometheus.NewDesc("tocsin_dead_deliveries", "Deliveries that were given up in the last 24 hours, counted up to 10000.", nil, nil)
	freeDesc     = prometheus.NewDesc("tocsin_disk_free_bytes", "What is left of the disk of the data folder.", nil, nil)
	databaseDesc = prometheus.NewDesc("tocsin_database_bytes", "What the database and its log take on the disk.", nil, nil)
)

// Describe meets prometheus.Collector.
func (backlog) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{waitingDesc, oldestDesc, deadDesc, databaseDesc, freeDesc} {
		descs <- d
	}
}

// Collect meets prometheus.Collector.
func (count backlog) Collect(found chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), storePatience)
	defer cancel()
	n, err := count(ctx)
	if err != nil {
		found <- prometheus.NewInvalidMetric(waitingDesc, err)
		return
	}
	if n.Free != nil {
		found <- prometheus.MustNewConstMetric(freeDesc, prometheus.GaugeValue, float64(*n.Free))
	}
	for desc, value := range map[*prometheus.Desc]float64{
		waitingDesc: float64(n.Backlog), oldestDesc: n.Oldest, deadDesc: float64(n.Dead), databaseDesc: float64(n.Database),
	} {
		found <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value)
	}
}
