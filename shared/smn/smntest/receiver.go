package smntest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/wire"
)

// patience is how long a message may take to arrive on a busy machine.
const patience = 20 * time.Second

// received is a message as an endpoint saw it.
type received struct {
	wire.Push
	header http.Header
	fields map[string]any // the body's keys
}

// token is what the link of a confirmation carries.
func (r received) token(t *testing.T) string {
	t.Helper()
	u, err := url.Parse(r.SubscribeURL)
	require.NoError(t, err)
	token := u.Query().Get("token")
	require.NotEmpty(t, token)
	require.Regexp(t, `^[A-Za-z0-9:/?&=._~-]+$`, r.SubscribeURL, "receivers decode links carelessly")
	return token
}

// endpoint is an http endpoint on loopback.
type endpoint struct {
	url      string
	messages chan received
	status   *atomic.Int32 // of its answers to notifications; 0 means 200
}

func newEndpoint(t *testing.T) endpoint {
	t.Helper()
	e := endpoint{messages: make(chan received, 256), status: new(atomic.Int32)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m := received{header: r.Header, fields: map[string]any{}}
		var raw json.RawMessage
		if json.NewDecoder(r.Body).Decode(&raw) != nil || json.Unmarshal(raw, &m.Push) != nil || json.Unmarshal(raw, &m.fields) != nil {
			http.Error(w, "this is no message", http.StatusBadRequest)
			return
		}
		if status := e.status.Load(); status != 0 && m.Type == wire.TypeNotification {
			w.WriteHeader(int(status))
		}
		e.messages <- m
	}))
	t.Cleanup(server.Close)
	e.url = server.URL
	return e
}

// next waits for a message of a type; messages of other types are dropped, as
// no order is promised.
func (e endpoint) next(t *testing.T, kind string) received {
	t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case m := <-e.messages:
			if m.Type == kind {
				return m
			}
		case <-timeout:
			t.Fatalf("no %s has arrived within %s", kind, patience)
		}
	}
}
