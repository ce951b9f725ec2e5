package contract

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/broker"
	"tocsin/shared/embedded"
	"tocsin/shared/httpapi"
	"tocsin/shared/iam"
	"tocsin/shared/signing"
	"tocsin/shared/smn"
	"tocsin/shared/smn/smntest"
)

// FuzzRequests sends what a stranger could to every operation, as an owner: no
// body, query or path may make a 500, or an answer that is not what it says.
// Nothing is delivered: there is no worker.
func FuzzRequests(f *testing.F) {
	db, err := embedded.Open(context.Background(), embedded.Config{Dir: f.TempDir(), Durability: embedded.Normal})
	require.NoError(f, err)
	f.Cleanup(func() { require.NoError(f, db.Close()) })
	key := make([]byte, 32)
	tokens, err := iam.NewConfirmTokens(key)
	require.NoError(f, err)
	service, err := broker.New(broker.Config{Store: db, Tasks: db, Tokens: tokens, Region: region})
	require.NoError(f, err)
	authority, err := iam.New(iam.Config{TokenKey: key, Users: []iam.User{users[smntest.Owner.Project]}, StaticToken: "token"})
	require.NoError(f, err)
	handler, err := httpapi.New(httpapi.Config{
		Service: service, Identity: authority, Certificates: signing.New(signingKey, region),
		Region: region, PublicURL: base, Log: slog.New(slog.DiscardHandler),
	}, httpapi.All()...)
	require.NoError(f, err)

	operations := httpapi.All()
	seeds, err := filepath.Glob("../../shared/wire/testdata/*-request.json")
	require.NoError(f, err)
	require.NotEmpty(f, seeds)
	for i := range operations {
		f.Add(uint8(i), "introduction", []byte(`{}`), "limit=1&offset=0")
	}
	for _, seed := range seeds {
		body, err := os.ReadFile(seed)
		require.NoError(f, err)
		for i, op := range operations {
			if method, _, _ := strings.Cut(op.Route, " "); method != http.MethodGet {
				f.Add(uint8(i), "", body, "")
			}
		}
	}
	f.Add(uint8(0), "access_policy", []byte(`{"value":"{\"Version\":\"2016-09-07\",\"Id\":\"i\",\"Statement\":[{\"Sid\":\"s\",\"Effect\":\"Allow\",\"Principal\":{\"CSP\":\"*\"},\"Action\":\"*\",\"Resource\":\"`+urn+`\"}]}"}`), "name=access_policy")

	owner := smn.WithCaller(context.Background(), smntest.Owner)
	f.Fuzz(func(t *testing.T, operation uint8, parameter string, body []byte, query string) {
		_, err := service.CreateTopic(owner, smn.CreateTopicInput{Name: "topic"})
		require.NoError(t, err)
		op := operations[int(operation)%len(operations)]
		method, pattern, _ := strings.Cut(op.Route, " ")
		r := httptest.NewRequestWithContext(t.Context(), method, "http://tocsin.test/", bytes.NewReader(body))
		r.URL.RawQuery = query
		r.URL.Path = aim(strings.TrimSuffix(pattern, "{$}"), parameter)
		r.Header.Set("X-Auth-Token", "token")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)

		require.Less(t, w.Code, http.StatusInternalServerError, "%s %s: %s", method, r.URL.Path, w.Body)
		require.True(t, smn.IsID(w.Header().Get("X-Request-Id")))
		if w.Header().Get("Content-Type") == "application/json" {
			require.True(t, json.Valid(w.Body.Bytes()), w.Body.String())
		}
	})
}

// aim fills a pattern: the owner's topic where it has a place, and the parameter
// everywhere else.
func aim(pattern, parameter string) string {
	segments := strings.Split(pattern, "/")
	for i, segment := range segments {
		switch {
		case segment == "{project_id}":
			segments[i] = smntest.Owner.Project
		case segment == "{topic_urn}" && parameter != "topic_urn":
			segments[i] = urn
		case strings.HasPrefix(segment, "{"):
			segments[i] = url.PathEscape(parameter)
		}
	}
	return strings.Join(segments, "/")
}
