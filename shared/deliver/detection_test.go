package deliver_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
	"tocsin/shared/wire"
)

const detectionID = "0000000000000000000000000000000d"

// notebook is a memory that keeps one document.
type notebook struct {
	*memory
	document *store.Document // nil: there is none
}

func newNotebook() *notebook {
	body, _ := json.Marshal(smn.Detection{Status: smn.NotDetected})
	return &notebook{memory: newMemory(), document: &store.Document{
		DocumentKey: store.DocumentKey{Owner: topicID, Kind: store.DetectionKind, ID: detectionID}, Body: body,
	}}
}

func (n *notebook) GetDocument(_ context.Context, key store.DocumentKey) (store.Document, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.enter("GetDocument"); err != nil {
		return store.Document{}, err
	}
	if n.document == nil || n.document.DocumentKey != key {
		return store.Document{}, store.ErrNotFound
	}
	return *n.document, nil
}

func (n *notebook) UpdateDocument(_ context.Context, d store.Document) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.enter("UpdateDocument"); err != nil {
		return err
	}
	switch {
	case n.document == nil:
		return store.ErrNotFound
	case n.document.Version != d.Version:
		return store.ErrConflict
	}
	d.Version++
	n.document = &d
	return nil
}

func (n *notebook) found(t *testing.T) (d smn.Detection) {
	t.Helper()
	require.NoError(t, json.Unmarshal(n.document.Body, &d))
	return d
}

func detector(t *testing.T, n *notebook, e *endpoints) *deliver.Worker {
	c := config(n.memory, e)
	c.Store = n
	return worker(t, c)
}

func detection() queue.Task {
	return queue.NewDetection(queue.Detection{
		ID: detectionID, TopicID: topicID, TopicURN: topicURN, Protocol: smn.HTTPS, Endpoint: "https://host/hook",
		Header: map[string]string{"x-team": "ops"}, IssuedAt: time.Now(),
	})
}

func TestDetection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, e := newNotebook(), always(deliver.Outcome{Status: 204})
		w, task := detector(t, n, e), detection()
		for range 2 { // the second time it has been done
			again, err := w.Handle(t.Context(), task)
			require.NoError(t, err)
			require.Zero(t, again)
		}
		require.Len(t, e.sent(), 1)
		d := e.sent()[0]
		require.Equal(t, deliver.Delivery{
			Type: wire.TypeNotification, MessageID: detectionID, TopicURN: topicURN, Protocol: smn.HTTPS, Endpoint: "https://host/hook",
			Extension: smn.Extension{Header: map[string]string{"x-team": "ops"}}, Subject: d.Subject, Text: d.Text, Timestamp: task.Detection.IssuedAt,
			Signature:      "signed Notification " + detectionID + " " + d.Subject + " " + wire.Time(d.Timestamp) + " ",
			SigningCertURL: "https://tocsin.example/base/smn/cert.pem", KeepAnswer: true,
		}, d)
		require.Equal(t, 1, n.document.Version)
		found := n.found(t)
		require.Equal(t, smn.Reachable, found.Status)
		require.Equal(t, 204, found.Code)
	})
}

func TestDetectionResults(t *testing.T) {
	for name, c := range map[string]struct {
		outcome deliver.Outcome
		code    int
		text    string
	}{
		"refused":   {deliver.Outcome{Result: deliver.Dead, Status: 404, Answer: "no such hook"}, 404, "no such hook"},
		"failing":   {deliver.Outcome{Result: deliver.Again, Status: 503, Answer: "a\xffb"}, 503, "a\uFFFDb"},
		"long":      {deliver.Outcome{Result: deliver.Again, Status: 500, Answer: strings.Repeat("x", 4096)}, 500, strings.Repeat("x", smn.MaxDetectionAnswer)},
		"forbidden": {deliver.Outcome{Result: deliver.Dead, Reason: "the address is not public"}, smn.DetectedForbidden, "The endpoint may not be called: the address is not public."},
		"silent":    {deliver.Outcome{Result: deliver.Again, Reason: "connection refused"}, smn.DetectedSilence, "The endpoint did not answer: connection refused."},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNotebook()
			_, err := detector(t, n, always(c.outcome)).Handle(t.Context(), detection())
			require.NoError(t, err)
			require.Equal(t, smn.Detection{Status: smn.Unreachable, Code: c.code, Text: c.text}, n.found(t))
		})
	}
	n := newNotebook() // bytes that grow when they are replaced
	_, err := detector(t, n, always(deliver.Outcome{Status: 500, Result: deliver.Again, Answer: strings.Repeat("a\xff", 2000)})).Handle(t.Context(), detection())
	require.NoError(t, err)
	require.LessOrEqual(t, len(n.found(t).Text), smn.MaxDetectionAnswer)
	require.True(t, utf8.ValidString(n.found(t).Text))
}

func TestDetectionThatNobodyWaitsFor(t *testing.T) {
	n, e := newNotebook(), &endpoints{}
	n.document = nil
	again, err := detector(t, n, e).Handle(t.Context(), detection())
	require.NoError(t, err)
	require.Zero(t, again)
	require.Empty(t, e.sent())
}

func TestDetectionIsDoneAgainWhenTheStoreFails(t *testing.T) {
	for _, method := range []string{"GetDocument", "UpdateDocument"} {
		n, e := newNotebook(), always(deliver.Outcome{Status: 200})
		n.failing[method] = 1
		w := detector(t, n, e)
		_, err := w.Handle(t.Context(), detection())
		require.Error(t, err, method)
		_, err = w.Handle(t.Context(), detection())
		require.NoError(t, err)
		require.Equal(t, smn.Reachable, n.found(t).Status)
	}
}

func TestDetectionWithoutAPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, e := newNotebook(), hanging(5*time.Second)
		c := config(n.memory, e)
		c.Store = n
		w := worker(t, c)
		defer fillUp(t, w, n.memory)()
		task := detection()
		task.Detection.Endpoint = "http://host/"
		_, err := w.Handle(t.Context(), task)
		require.NoError(t, err)
		require.Equal(t, smn.DetectedFull, n.found(t).Code)
		require.Equal(t, smn.Unreachable, n.found(t).Status)
	})
}

func TestDetectionCutShort(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	n := newNotebook()
	e := &endpoints{answer: func(context.Context, deliver.Delivery, int) deliver.Outcome {
		cancel()
		return deliver.Outcome{Result: deliver.Again, Reason: "the attempt was broken off"}
	}}
	_, err := detector(t, n, e).Handle(ctx, detection())
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, smn.NotDetected, n.found(t).Status, "that says nothing about the endpoint")
}
