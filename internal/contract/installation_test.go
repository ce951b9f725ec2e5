// Package contract runs the contract of the service through every door: the
// broker in process, HTTP with the client library, and gateway events of both
// payloads with each operation mounted alone.
package contract

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/broker"
	"tocsin/shared/client"
	"tocsin/shared/deliver"
	"tocsin/shared/deliver/chatbot"
	"tocsin/shared/deliver/outbox"
	"tocsin/shared/deliver/post"
	"tocsin/shared/deliver/webhook"
	"tocsin/shared/embedded"
	"tocsin/shared/httpapi"
	"tocsin/shared/iam"
	"tocsin/shared/queue"
	"tocsin/shared/signing"
	"tocsin/shared/smn"
	"tocsin/shared/smn/smntest"
	"tocsin/shared/store"
)

const (
	region = "test-region"
	base   = "http://tocsin.test" // what links in messages point to
)

// installation is a whole service.
type installation struct {
	outbox store.Outbox
	broker *broker.Broker
	api    httpapi.Config
}

// signingKey is made once: a key takes a while.
var signingKey = func() *signing.Key {
	key, err := signing.NewKey(time.Now())
	if err != nil {
		panic(err)
	}
	return key
}()

// users are the callers of the contract, with a key each.
var users = map[string]iam.User{
	smntest.Owner.Project:    user(smntest.Owner),
	smntest.Stranger.Project: user(smntest.Stranger),
}

func user(c smn.Caller) iam.User {
	return iam.User{
		ID: c.User, Name: c.User, Domain: iam.Domain{ID: c.Domain, Name: c.Domain}, Password: "password of " + c.User,
		Projects: []iam.Project{{ID: c.Project, Name: "project of " + c.User}},
		Keys:     []iam.AccessKey{{Access: "AK" + c.User, Secret: "SK" + c.User}},
	}
}

// install makes an installation over an embedded store.
func install(t *testing.T) installation {
	t.Helper()
	db := openEmbedded(t)
	return installOn(t, db, db, db)
}

func openEmbedded(t *testing.T) *embedded.DB {
	t.Helper()
	db, err := embedded.Open(t.Context(), embedded.Config{Dir: t.TempDir(), Durability: embedded.Normal})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// installOn makes one over any store and queue, with a worker.
func installOn(t *testing.T, db store.Store, q queue.Queue, mails store.Outbox) installation {
	t.Helper()
	key := make([]byte, 32)
	tokens, err := iam.NewConfirmTokens(key)
	require.NoError(t, err)
	b, err := broker.New(broker.Config{Store: db, Tasks: q, Tokens: tokens, Region: region, AllowPrivateEndpoints: true})
	require.NoError(t, err)
	authority, err := iam.New(iam.Config{TokenKey: key, Users: []iam.User{users[smntest.Owner.Project], users[smntest.Stranger.Project]}})
	require.NoError(t, err)
	signer := signing.New(signingKey, region)
	quiet := slog.New(slog.DiscardHandler)
	poster, box := post.New(post.Config{AllowPrivate: true, Writer: true}), outbox.New(mails, quiet)
	hooks, bots := webhook.New(poster), chatbot.New(poster)
	senders := map[smn.Protocol]deliver.Sender{smn.HTTP: hooks, smn.HTTPS: hooks, smn.Email: box, smn.SMS: box, smn.Slack: bots}
	for _, p := range smn.Platforms {
		senders[p.Protocol()] = box
	}
	worker, err := deliver.New(deliver.Config{
		Store: db, Tasks: q, Signer: signer, Tokens: tokens, PublicURL: base, Log: quiet,
		Senders: senders,
	})
	require.NoError(t, err)
	working, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- worker.Run(working, q) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; !errors.Is(err, context.Canceled) {
			require.NoError(t, err)
		}
		poster.Close()
	})
	return installation{
		outbox: mails,
		broker: b,
		api: httpapi.Config{
			Service: b, Identity: authority, Certificates: signer,
			Region: region, PublicURL: base, Log: quiet,
		},
	}
}

// client speaks to the installation as a caller.
func (in installation) client(t *testing.T, c smn.Caller, endpoint string, transport http.RoundTripper) smn.Service {
	t.Helper()
	config := client.Config{Endpoint: endpoint, Transport: held(transport), Timeout: time.Minute}
	if u, ok := users[c.Project]; ok {
		config.Credential = client.AccessKey{Access: u.Keys[0].Access, Secret: u.Keys[0].Secret, Project: c.Project}
	}
	service, err := client.New(config)
	require.NoError(t, err)
	return service
}

// server serves every operation on loopback.
func (in installation) server(t *testing.T) *httptest.Server {
	t.Helper()
	handler, err := httpapi.New(in.api, httpapi.All()...)
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// How long something may take to arrive on a busy machine, and how often to look.
const (
	patience     = 20 * time.Second
	patienceStep = 2 * time.Millisecond
)
