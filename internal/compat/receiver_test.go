package compat

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience is how long a test waits for something to arrive.
const patience = 15 * time.Second

// push is a message as an endpoint receives it.
type push struct {
	Header         http.Header `json:"-"`
	Type           string      `json:"type"`
	MessageID      string      `json:"message_id"`
	TopicURN       string      `json:"topic_urn"`
	Subject        string      `json:"subject"`
	Message        string      `json:"message"`
	SubscribeURL   string      `json:"subscribe_url"`
	UnsubscribeURL string      `json:"unsubscribe_url"`
	SigningCertURL string      `json:"signing_cert_url"`
}

// The types of push.
const (
	confirmation = "SubscriptionConfirmation"
	notification = "Notification"
	farewell     = "UnsubscribeConfirmation"
)

// receiver has endpoints on loopback and keeps what each of them receives.
type receiver struct {
	*httptest.Server
	last  atomic.Int64
	boxes sync.Map // path of an endpoint to its chan push
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(r.take))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) take(w http.ResponseWriter, req *http.Request) {
	box, ok := r.boxes.Load(req.URL.Path)
	if !ok {
		http.NotFound(w, req)
		return
	}
	p := push{Header: req.Header}
	if err := json.NewDecoder(req.Body).Decode(&p); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	box.(chan push) <- p
}

// endpoint makes a new one.
func (r *receiver) endpoint() string {
	path := fmt.Sprint("/", r.last.Add(1))
	r.boxes.Store(path, make(chan push, 64))
	return r.URL + path
}

// next waits for the next push to an endpoint, which must be of a type.
func (r *receiver) next(t *testing.T, endpoint, kind string) push {
	t.Helper()
	u, err := url.Parse(endpoint)
	require.NoError(t, err)
	box, ok := r.boxes.Load(u.Path)
	require.True(t, ok, "%s is no endpoint of the receiver", endpoint)
	select {
	case p := <-box.(chan push):
		require.Equal(t, kind, p.Type)
		return p
	case <-time.After(patience):
		t.Fatalf("no %s arrived", kind)
	}
	return push{}
}

// token is what a confirmation asks to be sent back.
func (p push) token(t *testing.T) string {
	t.Helper()
	u, err := url.Parse(p.SubscribeURL)
	require.NoError(t, err)
	require.NotEmpty(t, u.Query().Get("token"), p.SubscribeURL)
	return u.Query().Get("token")
}
