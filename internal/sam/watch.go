package sam

import (
	"io"
	"log"
	"maps"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Watch stands between functions and the services of AWS, and knows which function
// asked for what. Functions may run in the process of the test or in their own: all
// that they need is the environment that Env gives.
type Watch struct {
	t        testing.TB
	services map[string]string
	names    *names

	mu        sync.Mutex
	recorders map[string]*Recorder
	env       map[string]map[string]string
}

// NewWatch stands before services: their addresses, by the variable that functions
// read it from, such as AWS_ENDPOINT_URL_DYNAMODB. It ends with the test.
func NewWatch(t testing.TB, services map[string]string) *Watch {
	t.Helper()
	return &Watch{t: t, services: services, names: &names{ids: map[string]string{}}, recorders: map[string]*Recorder{}, env: map[string]map[string]string{}}
}

// Name tells the logical id of a table or queue that has a name.
func (w *Watch) Name(name, id string) { w.names.set(name, id) }

// Env gives the variables by which a function, such as PublishFunction, asks the
// services through the watch.
func (w *Watch) Env(function string) map[string]string {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if env, ok := w.env[function]; ok {
		return maps.Clone(env)
	}
	recorder, env := &Recorder{names: w.names}, map[string]string{}
	for variable, address := range w.services {
		target, err := url.Parse(address)
		require.NoError(w.t, err)
		proxy := httptest.NewServer(&httputil.ReverseProxy{
			Transport: recorder,
			Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
			ErrorLog:  log.New(io.Discard, "", 0), // who asked in vain will tell
		})
		w.t.Cleanup(func() {
			proxy.CloseClientConnections() // some wait for tasks
			proxy.Close()
		})
		env[variable] = proxy.URL
	}
	w.recorders[function], w.env[function] = recorder, env
	return maps.Clone(env)
}

// Differences says for each function that was watched how what it did and what its
// policy in a stack allows differ; see there. Functions that do both alike are left
// out.
func (w *Watch) Differences(s *Stack) map[string][]string {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	all := map[string][]string{}
	for _, function := range slices.Sorted(maps.Keys(w.recorders)) {
		deeds := slices.DeleteFunc(w.recorders[function].Deeds(w.t), func(p Permission) bool { return slices.Contains(byLambda, p.Action) })
		if faults := Differences(s.OwnPermissions(w.t, function), deeds); len(faults) > 0 {
			all[function] = faults
		}
	}
	return all
}
