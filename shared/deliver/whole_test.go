package deliver_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/outbox"
	"tocsin/shared/deliver/post"
	"tocsin/shared/deliver/webhook"
	"tocsin/shared/embedded"
	"tocsin/shared/iam"
	"tocsin/shared/queue"
	"tocsin/shared/signing"
	"tocsin/shared/smn"
	"tocsin/shared/store"
	"tocsin/shared/wire"
)

// TestOnTheRealParts sends confirmations and a message through the embedded
// store and real sockets to receivers that verify the signature and one that is
// down at first. Everything must arrive, and the store must end up with nothing
// due.
func TestOnTheRealParts(t *testing.T) {
	const subscribers = store.ChunkSize + 44
	ctx, stop := context.WithCancel(t.Context())
	defer stop()

	db, err := embedded.Open(ctx, embedded.Config{Dir: t.TempDir(), Durability: embedded.Normal})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	key, err := signing.NewKey(time.Now())
	require.NoError(t, err)
	signer := signing.New(key, "local")
	tokens, err := iam.NewConfirmTokens(make([]byte, 32))
	require.NoError(t, err)

	// The public door of the service: certificates only.
	public := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := signer.Certificate(r.Context(), strings.TrimPrefix(r.URL.Path, "/smn/"))
		if err != nil {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = w.Write(text)
	}))
	defer public.Close()

	var (
		mu       sync.Mutex
		received = map[string]int{} // by type and path
		confirm  string
		down     = true
		arrived  = make(chan struct{}, 2*subscribers)
		verifier = &signing.Verifier{BaseURL: public.URL}
	)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.URL.Path == "/0" && r.Header.Get("X-Smn-Message-Type") == wire.TypeNotification && down {
			down = false
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		body, _ := io.ReadAll(r.Body)
		push, err := verifier.Verify(r.Context(), body)
		if err != nil {
			t.Errorf("verify: %v", err)
		}
		received[push.Type+r.URL.Path]++
		if push.SubscribeURL != "" && r.URL.Path == "/0" {
			confirm = push.SubscribeURL
		}
		arrived <- struct{}{}
	}))
	defer receiver.Close()

	poster := post.New(post.Config{AllowPrivate: true})
	defer poster.Close()
	web := webhook.New(poster)
	log := slog.New(slog.DiscardHandler)
	box := outbox.New(db, log)
	w, err := deliver.New(deliver.Config{
		Store: db, Tasks: db, Signer: signer, Tokens: tokens, PublicURL: public.URL, Log: log,
		Senders: map[smn.Protocol]deliver.Sender{smn.HTTP: web, smn.Email: box},
		Policy:  deliver.Policy{Delays: []time.Duration{time.Millisecond}},
	})
	require.NoError(t, err)

	topic := store.Topic{ID: smn.NewID(), Project: project, Name: "alerts", CreatedAt: time.Now(), UpdatedAt: time.Now()}
	_, _, err = db.CreateTopic(ctx, topic, 10)
	require.NoError(t, err)
	var items []store.AddSubscription
	for i := range subscribers + 1 {
		s := store.Subscription{
			SubscriptionKey: store.SubscriptionKey{Project: project, TopicID: topic.ID, ID: smn.NewID()},
			Protocol:        smn.HTTP, Endpoint: fmt.Sprintf("%s/%d", receiver.URL, i),
			Status: smn.Confirmed, CreatedAt: time.Now(),
		}
		if i == subscribers {
			s.Protocol, s.Endpoint = smn.Email, "ann@example.org"
		}
		items = append(items, store.AddSubscription{Subscription: s, Task: queue.NewNotice(queue.Notice{
			MessageID: smn.NewID(), Kind: queue.Subscribed, TopicURN: topicURN, Attempt: 1, IssuedAt: time.Now(),
			Subscription: queue.NoticeRecipient{
				Project: project, TopicID: topic.ID, ID: s.ID, Protocol: s.Protocol, Endpoint: s.Endpoint,
			},
		}, time.Time{})})
	}
	_, err = db.AddSubscriptions(ctx, project, topic.ID, items, smn.MaxSubscriptions)
	require.NoError(t, err)
	now := time.Now()
	m := store.Message{
		ID: smn.NewID(), Project: project, TopicID: topic.ID, TopicURN: topicURN, Subject: "Disk", Body: "90 % full",
		AcceptedAt: now, ExpiresAt: now.Add(time.Hour),
	}
	require.NoError(t, db.PutMessage(ctx, m, queue.NewFanOut(topic.Project, topic.ID, m.ID, 0)))

	ran := make(chan error)
	go func() { ran <- w.Run(ctx, db) }()
	for range 2 * subscribers {
		select {
		case <-arrived:
		case <-time.After(30 * time.Second):
			t.Fatal("not everything arrived")
		}
	}
	stop()
	require.NoError(t, <-ran)

	require.Len(t, received, 2*subscribers)
	for what, n := range received {
		require.Equal(t, 1, n, what)
	}
	token, rest, _ := strings.Cut(confirm[strings.Index(confirm, "token=")+len("token="):], "&")
	subject, err := tokens.Open(token, time.Now())
	require.NoError(t, err)
	require.Equal(t, items[0].ID, subject.SubscriptionID)
	require.Equal(t, "topic_urn="+topicURN, rest)

	report, err := db.GetReport(t.Context(), m.ID)
	require.NoError(t, err)
	require.Equal(t, subscribers+1, report.Matched)
	require.Equal(t, report.Matched, report.Delivered())
	mails, err := db.ListMail(t.Context(), 10)
	require.NoError(t, err)
	require.Len(t, mails, 2)

	// No task is left that is due.
	soon, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = db.Receive(soon, 1, time.Second)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}
