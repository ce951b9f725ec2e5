package trial

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// post sends a message to a path of a sink and returns the status, 0 for none
// before ctx ended.
func post(ctx context.Context, t *testing.T, url, messageID, body string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	require.NoError(t, err)
	if messageID != "" {
		r.Header.Set(wire.HeaderMessageID, messageID)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		require.Error(t, ctx.Err())
		return 0
	}
	require.NoError(t, answer.Body.Close())
	return answer.StatusCode
}

func listening(t *testing.T) (*Sink, string) {
	t.Helper()
	s := NewSink()
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	url, err := s.Listen(t.Context())
	require.NoError(t, err)
	return s, url
}

func TestSinkCountsRepeats(t *testing.T) {
	s, url := listening(t)
	first, second := smn.NewID(), smn.NewID()
	for _, p := range []struct{ path, message string }{
		{"/good/1", first}, {"/good/1", second}, {"/good/2", first}, {"/good/1", first}, {"/good/1", ""},
	} {
		require.Equal(t, http.StatusOK, post(t.Context(), t, url+p.path, p.message, "body"))
	}
	s.NextRun()
	require.Equal(t, http.StatusOK, post(t.Context(), t, url+"/good/1", first, "other body"))
	for path, message := range map[string]string{"/good/x": first, "/1": first, "/odd/1": first, "/good/1": "short", "/good/2": strings.Repeat("x", 32)} {
		require.Equal(t, http.StatusBadRequest, post(t.Context(), t, url+path, message, ""), path)
	}
	c := s.Counts()
	require.Positive(t, c.AtMicros)
	c.AtMicros = 0
	require.Equal(t, Counts{Deliveries: 5, Distinct: 3, SameRun: 1, Plain: 1, BodyBytes: 10}, c)
	require.EqualValues(t, 2, c.Repeats())
	require.True(t, s.Has(first, Endpoint{Good, 2}))
	require.False(t, s.Has(second, Endpoint{Good, 2}))
	require.False(t, s.Has("short", Endpoint{Good, 2}))
}

func TestEndpointsBehave(t *testing.T) {
	s, url := listening(t)
	refused, taken := strings.Repeat("0", 32), strings.Repeat("1", 32) // a moody endpoint looks at the end
	require.Equal(t, http.StatusServiceUnavailable, post(t.Context(), t, url+"/moody/1", refused, ""))
	require.Equal(t, http.StatusOK, post(t.Context(), t, url+"/moody/1", refused, ""))
	require.Zero(t, s.Retried(), "that came too soon for a retry")
	require.Equal(t, http.StatusOK, post(t.Context(), t, url+"/moody/1", taken, ""))
	require.Equal(t, http.StatusServiceUnavailable, post(t.Context(), t, url+"/failing/2", taken, ""))
	began := time.Now()
	require.Equal(t, http.StatusOK, post(t.Context(), t, url+"/slow/3", taken, ""))
	require.GreaterOrEqual(t, time.Since(began), slowness)

	var work sync.WaitGroup
	hanging := func() int { s.mu.Lock(); defer s.mu.Unlock(); return s.hanging }
	drained := func() {
		http.DefaultClient.CloseIdleConnections()
		require.NoError(t, s.Drained(t.Context()))
	}
	drained()
	impatient, leave := context.WithCancel(t.Context())
	work.Go(func() { require.Zero(t, post(impatient, t, url+"/hanging/4", taken, "")) })
	require.NoError(t, Until(t.Context(), time.Millisecond, func() bool { return hanging() == 1 }))
	leave()
	patient, cancel := context.WithTimeout(t.Context(), slowness) // a good one needs no tenth of it
	defer cancel()
	require.Zero(t, post(patient, t, url+"/dripping/5", taken, ""))
	work.Wait()
	drained()
	work.Go(func() {
		require.Equal(t, http.StatusServiceUnavailable, post(t.Context(), t, url+"/hanging/6", taken, ""))
	})
	require.NoError(t, Until(t.Context(), time.Millisecond, func() bool { return hanging() == 2 }))
	require.EqualValues(t, 3, s.Counts().Distinct)
	s.Heal()
	work.Wait()
	for _, path := range []string{"/failing/2", "/hanging/6"} {
		require.Equal(t, http.StatusOK, post(t.Context(), t, url+path, taken, ""))
	}
	for _, e := range []Endpoint{{Failing, 2}, {Hanging, 6}} {
		require.True(t, s.Has(taken, e), e)
	}
	for _, e := range []Endpoint{{Hanging, 4}, {Dripping, 5}} {
		require.False(t, s.Has(taken, e), e)
	}
}

func TestSinkConfirmsUntilItWorks(t *testing.T) {
	followed := make(chan string, 2)
	asked := 0
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked++; asked == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		followed <- r.URL.String()
	}))
	defer service.Close()
	body, err := json.Marshal(wire.Push{Type: wire.TypeConfirmation, SubscribeURL: service.URL + "/confirm?token=t"})
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodPost, "/good/1", strings.NewReader(string(body)))
	r.Header.Set(wire.HeaderMessageType, wire.TypeConfirmation)
	s := NewSink()
	s.ServeHTTP(httptest.NewRecorder(), r)
	for range 2 {
		require.Equal(t, "/confirm?token=t", <-followed)
	}
	require.Zero(t, s.Counts().Deliveries)
}

func TestStampedMessagesAreTimed(t *testing.T) {
	s, url := listening(t)
	id, sent := smn.NewID(), time.Now().Add(-time.Second)
	for _, path := range []string{"/good/1", "/good/2", "/good/1"} { // the last one is a repeat
		post(t.Context(), t, url+path, id, `{"message":"`+Stamp(sent)+`and more"}`)
	}
	post(t.Context(), t, url+"/good/3", id, `{"message":"`+stampMark+`soon"}`)
	times := s.Times()
	require.Len(t, times, 2)
	for _, took := range times {
		require.GreaterOrEqual(t, took, time.Second-time.Microsecond)
	}
	require.Empty(t, s.Times())
	require.Len(t, Stamp(sent), len(Stamp(time.UnixMicro(1))))
}

func TestNotebookKnowsWhatIsMissing(t *testing.T) {
	s, url := listening(t)
	topic := Topic{Endpoints: []Endpoint{{Good, 1}, {Good, 2}, {Hanging, 3}}}
	note := Note{MessageID: smn.NewID(), Topic: topic}
	book := Notebook{notes: []Note{note}}
	require.Equal(t, http.StatusOK, post(t.Context(), t, url+"/good/1", note.MessageID, ""))
	expected, missing := book.Missing(s.Ledger, func(b Behaviour) bool { return b != Hanging })
	require.Equal(t, []int{2, 1}, []int{expected, missing})
}

// What came before a kill and comes again is that kill's, whenever it comes.
func TestRepeatsArePutDownToTheirKill(t *testing.T) {
	s, url := listening(t)
	l := Life{sink: s, Kills: []Kill{{Delivered: 9}, {}, {}}}
	first, second, third := smn.NewID(), smn.NewID(), smn.NewID()
	for run, ids := range [][]string{{first, second, third, third}, {}, {first, third}, {first, second}} {
		if run > 0 {
			s.NextRun()
		}
		for _, id := range ids {
			post(t.Context(), t, url+"/good/1", id, "")
		}
	}
	l.settle()
	require.Equal(t, []Kill{{Repeats: 3, Delivered: 9}, {}, {Repeats: 1}}, l.Kills)
	require.EqualValues(t, 1, s.Counts().SameRun)
}

func TestHistoryForgets(t *testing.T) {
	l := newLedger()
	h := history{ledger: l}
	at := func(ago time.Duration, deliveries int64) {
		h.samples[h.next%len(h.samples)] = Counts{AtMicros: time.Now().Add(-ago).UnixMicro(), Deliveries: deliveries}
		h.next++
	}
	at(time.Hour, 5)
	at(30*time.Minute, 7)
	l.counts.Deliveries = 10
	require.EqualValues(t, 5, h.within(45*time.Minute))
	require.EqualValues(t, 10, h.within(2*time.Hour), "all that there was")
	require.EqualValues(t, 3, h.within(time.Minute))
	for range h.samples {
		at(time.Hour, 5)
	}
	require.EqualValues(t, 5, h.within(2*time.Hour), "as far as is still known")
}

func TestAddressIsFoundInTheLog(t *testing.T) {
	require.Equal(t, "127.0.0.1:4711", addressIn([]byte("no JSON\n"+`{"msg":"starting","address":"no"}`+"\n"+`{"msg":"listening","address":"127.0.0.1:4711"}`+"\n")))
	require.Empty(t, addressIn([]byte(`{"msg":"listening","addr`)))
}

func TestSettingsOfTheCallerAreLeftOut(t *testing.T) {
	require.Equal(t, []string{"A=b", "TOCSIN_DURABILITY=normal"}, withoutSettings([]string{"A=b", "TOCSIN_USER=x", "TOCSIN_DURABILITY=normal"}))
}

// A binary that is none of ours ends before it listens, and the reason is told.
func TestStartTellsWhyItFailed(t *testing.T) {
	dir := t.TempDir()
	binary, err := exec.LookPath("false")
	if err != nil {
		t.Skip("needs the command false")
	}
	_, err = Start(t.Context(), Config{Binary: binary, Data: dir, Log: dir + "/log"})
	require.ErrorContains(t, err, "ended before it listened")
	require.ErrorContains(t, err, "exit status 1")
}

func TestMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	p := Process{PID: os.Getpid()}
	m, err := p.Memory()
	require.NoError(t, err)
	require.Greater(t, m.Now, int64(1<<20))
	require.GreaterOrEqual(t, m.Peak, m.Now)
	require.NoError(t, p.ForgetPeak())
	_, err = kibibytes([]byte("VmRSS:\t5120 kB\n"), "VmHWM:")
	require.Error(t, err)
	n, err := kibibytes([]byte("Name:\tx\nVmRSS:\t5120 kB\n"), "VmRSS:")
	require.NoError(t, err)
	require.EqualValues(t, 5<<20, n)
}
