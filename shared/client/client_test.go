package client_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/client"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// What the client does for its user is tested by smntest over a real service.
// Here is how it treats its credential and a service that misbehaves.

const project = "11111111111111111111111111111111"

// service is a stand-in that counts logins and judges tokens.
type service struct {
	*httptest.Server
	logins  atomic.Int64
	valid   atomic.Value // the only token it takes; "" takes none
	broken  atomic.Bool  // logins fail
	lasts   time.Duration
	slow    chan struct{} // unless nil, a login waits for it
	now     func() time.Time
	answers func(w http.ResponseWriter, r *http.Request) // to calls with a good token
}

func newService(t *testing.T) *service {
	t.Helper()
	s := &service{lasts: 24 * time.Hour, now: time.Now}
	s.valid.Store("")
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v3/auth/tokens", func(w http.ResponseWriter, _ *http.Request) {
		n := s.logins.Add(1)
		if s.slow != nil {
			<-s.slow
		}
		if s.broken.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		token := fmt.Sprint("token-", n)
		s.valid.Store(token)
		var body wire.TokenResponse
		body.Token.IssuedAt, body.Token.ExpiresAt = wire.TokenTime(s.now()), wire.TokenTime(s.now().Add(s.lasts))
		body.Token.Project = &wire.TokenProject{ID: project}
		w.Header().Set(wire.HeaderSubjectToken, token)
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(body)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Auth-Token") != s.valid.Load() {
			w.WriteHeader(http.StatusUnauthorized)
			_ = json.NewEncoder(w).Encode(wire.GatewayError{Code: "APIGW.0301", Message: "token expires"})
			return
		}
		if s.answers != nil {
			s.answers(w, r)
			return
		}
		_ = json.NewEncoder(w).Encode(wire.ListTopicsResponse{Topics: []wire.Topic{}})
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func (s *service) client(t *testing.T, change func(*client.Config)) *client.Client {
	t.Helper()
	config := client.Config{Endpoint: s.URL, Credential: client.Password{Domain: "d", User: "u", Password: "p", Project: "local"}}
	if change != nil {
		change(&config)
	}
	c, err := client.New(config)
	require.NoError(t, err)
	return c
}

func list(ctx context.Context, c *client.Client) error {
	_, err := c.ListTopics(ctx, smn.ListTopicsInput{})
	return err
}

func TestOneLoginForMany(t *testing.T) {
	s := newService(t)
	s.slow = make(chan struct{})
	c := s.client(t, nil)
	var wg sync.WaitGroup
	errs := make([]error, 20)
	for i := range errs {
		wg.Go(func() { errs[i] = list(t.Context(), c) })
	}
	close(s.slow)
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.EqualValues(t, 1, s.logins.Load())
}

func TestTokenIsRenewedEarly(t *testing.T) {
	s := newService(t)
	now := time.Now()
	clock := func() time.Time { return now }
	s.now = clock
	c := s.client(t, func(c *client.Config) { c.Now = clock })
	require.NoError(t, list(t.Context(), c))
	now = now.Add(23*time.Hour + 29*time.Minute)
	require.NoError(t, list(t.Context(), c))
	require.EqualValues(t, 1, s.logins.Load())
	now = now.Add(2 * time.Minute)
	require.NoError(t, list(t.Context(), c))
	require.EqualValues(t, 2, s.logins.Load(), "shortly before it expires")
}

func TestOneLoginAgainWhenRefused(t *testing.T) {
	s := newService(t)
	c := s.client(t, nil)
	require.NoError(t, list(t.Context(), c))
	s.valid.Store("") // as after a change of the password
	require.NoError(t, list(t.Context(), c))
	require.EqualValues(t, 2, s.logins.Load())

	s.answers = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }
	err := list(t.Context(), c)
	require.Equal(t, smn.Unauthenticated, smn.CodeOf(err))
	require.EqualValues(t, 3, s.logins.Load(), "once, not for ever")
}

func TestRepeatedRequestHasItsBody(t *testing.T) {
	s := newService(t)
	c := s.client(t, nil)
	require.NoError(t, list(t.Context(), c))
	s.valid.Store("")
	s.answers = func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !strings.Contains(string(body), `"name":"again"`) {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(wire.CreateTopicResponse{TopicURN: "urn"})
	}
	out, err := c.CreateTopic(t.Context(), smn.CreateTopicInput{Name: "again"})
	require.NoError(t, err)
	require.True(t, out.Created)
}

func TestWrongPasswordIsTold(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		_ = json.NewEncoder(w).Encode(wire.IAMError{Error: wire.IAMErrorBody{Code: 401, Message: "The password is wrong.", Title: "Unauthorized"}})
	}))
	defer s.Close()
	c, err := client.New(client.Config{Endpoint: s.URL, Credential: client.Password{User: "u", Password: "hidden"}})
	require.NoError(t, err)
	err = list(t.Context(), c)
	require.Equal(t, smn.Unauthenticated, smn.CodeOf(err))
	require.ErrorContains(t, err, "The password is wrong.")
	require.NotContains(t, err.Error(), "hidden")
}

func TestWaitingForALoginEndsWithTheCaller(t *testing.T) {
	s := newService(t)
	s.slow = make(chan struct{})
	defer close(s.slow)
	c := s.client(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { first <- list(ctx, c) }()
	go func() { second <- list(ctx, c) }()
	cancel()
	require.ErrorIs(t, <-first, context.Canceled)
	require.ErrorIs(t, <-second, context.Canceled)
}

func TestTimeout(t *testing.T) {
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer s.Close()
	defer close(release)
	c, err := client.New(client.Config{Endpoint: s.URL, Timeout: 20 * time.Millisecond, Credential: client.AccessKey{Access: "a", Secret: "s", Project: project}})
	require.NoError(t, err)
	err = list(t.Context(), c)
	var timeout interface{ Timeout() bool }
	require.ErrorAs(t, err, &timeout)
	require.True(t, timeout.Timeout())
}

func TestOddAnswers(t *testing.T) {
	s := newService(t)
	c := s.client(t, nil)
	for name, odd := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request)
		code   smn.Code
	}{
		"no JSON":       {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, smn.Internal},
		"empty 500":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, smn.Internal},
		"proxy's 502":   {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "bad gateway", 502) }, smn.Internal},
		"redirect":      {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "http://192.0.2.1/", 302) }, smn.Internal},
		"throttled":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(429) }, smn.Throttled},
		"overloaded":    {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, smn.Overloaded},
		"older gateway": {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, `{"error_code":"APIG.0101"}`, 404) }, smn.NoRoute},
		"SMN's error": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(403)
			_ = json.NewEncoder(w).Encode(wire.Error{Code: "SMN.0004", Message: "Exceeded topic limit."})
		}, smn.TooManyTopics},
		"huge": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(strings.Repeat(" ", 9<<20)))
		}, smn.Internal},
	} {
		s.answers = odd.answer
		err := list(t.Context(), c)
		require.Error(t, err, name)
		require.Equal(t, odd.code, smn.CodeOf(err), name)
	}
}

func TestAnswer(t *testing.T) {
	s := newService(t)
	c := s.client(t, nil)
	for body, want := range map[string]client.Answer{
		`{"code":"SMN.0199","message":"The moon is full."}`:          {Status: 403, Code: "SMN.0199", Message: "The moon is full."},
		`{"code":"SMN.0001","message":"No.","detail":"Ask first."}`:  {Status: 403, Code: "SMN.0001", Message: "No.", Detail: "Ask first."},
		`{"error_code":"APIG.0301","error_msg":"Incorrect."}`:        {Status: 403, Code: "APIG.0301", Message: "Incorrect."},
		`{"error":{"code":403,"message":"Forbidden","title":"403"}}`: {Status: 403, Message: "Forbidden"},
		`<html>`: {Status: 403},
	} {
		s.answers = func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(body))
		}
		err := list(t.Context(), c)
		var answer *client.Answer
		require.ErrorAs(t, err, &answer, body)
		require.Equal(t, want, *answer, body)
		require.Equal(t, smn.Forbidden, smn.CodeOf(err), body)
	}
}

func TestErrorsDoNotShowTheURL(t *testing.T) {
	c, err := client.New(client.Config{Endpoint: "http://127.0.0.1:1"})
	require.NoError(t, err)
	_, err = c.ConfirmSubscription(t.Context(), smn.ConfirmSubscriptionInput{Token: "s3cret"})
	require.Error(t, err)
	require.NotContains(t, err.Error(), "s3cret")
}

func TestConfig(t *testing.T) {
	for name, c := range map[string]client.Config{
		"no endpoint":       {},
		"no scheme":         {Endpoint: "smn.example.com"},
		"path":              {Endpoint: "https://smn.example.com/v2"},
		"user":              {Endpoint: "https://u:p@smn.example.com"},
		"bad IAM":           {Endpoint: "https://smn.example.com", IAMEndpoint: "ftp://x"},
		"key without a key": {Endpoint: "https://smn.example.com", Credential: client.AccessKey{Access: "a", Secret: "s"}},
		"login without one": {Endpoint: "https://smn.example.com", Credential: client.Password{User: "u"}},
	} {
		_, err := client.New(c)
		require.Error(t, err, name)
	}
	c, err := client.New(client.Config{Endpoint: "https://smn.example.com/"})
	require.NoError(t, err)
	require.Equal(t, smn.Unauthenticated, smn.CodeOf(list(t.Context(), c)))
	_, err = c.Publish(t.Context(), smn.PublishInput{TopicURN: "x"})
	require.Equal(t, smn.InvalidTopicURN, smn.CodeOf(err))
}

func TestShortLivedTokenIsKept(t *testing.T) {
	s := newService(t)
	s.lasts = 20 * time.Minute
	c := s.client(t, nil)
	for range 5 {
		require.NoError(t, list(t.Context(), c))
	}
	require.EqualValues(t, 1, s.logins.Load())
}

func TestTokenIsUsedWhileItCannotBeRenewed(t *testing.T) {
	s := newService(t)
	now := time.Now()
	clock := func() time.Time { return now }
	s.now = clock
	c := s.client(t, func(c *client.Config) { c.Now = clock })
	require.NoError(t, list(t.Context(), c))
	s.broken.Store(true)
	now = now.Add(23*time.Hour + 45*time.Minute)
	require.NoError(t, list(t.Context(), c), "it is good for another quarter of an hour")
	now = now.Add(20 * time.Minute)
	require.Equal(t, smn.Overloaded, smn.CodeOf(list(t.Context(), c)))
}

func TestAFailedLoginIsSharedToo(t *testing.T) {
	s := newService(t)
	s.slow = make(chan struct{})
	s.broken.Store(true)
	c := s.client(t, nil)
	errs := make(chan error)
	for range 20 {
		go func() { errs <- list(t.Context(), c) }()
	}
	require.Eventually(t, func() bool { return s.logins.Load() == 1 }, 10*time.Second, time.Millisecond)
	close(s.slow)
	for range 20 {
		require.Equal(t, smn.Overloaded, smn.CodeOf(<-errs))
	}
	require.Less(t, s.logins.Load(), int64(20), "who waits does not try again")
}
