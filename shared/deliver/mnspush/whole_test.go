package mnspush_test

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"encoding/xml"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/broker"
	"tocsin/shared/deliver"
	"tocsin/shared/deliver/mnspush"
	"tocsin/shared/deliver/post"
	"tocsin/shared/deliver/webhook"
	"tocsin/shared/embedded"
	"tocsin/shared/iam"
	"tocsin/shared/mns"
	"tocsin/shared/smn"
)

// TestOnTheRealParts publishes a message to subscriptions in the forms of MNS. The
// receiver fetches the certificate from where each notification says that it is.
func TestOnTheRealParts(t *testing.T) {
	ctx, stop := context.WithCancel(smn.WithCaller(t.Context(), smn.Caller{Project: project}))
	defer stop()
	db, err := embedded.Open(ctx, embedded.Config{Dir: t.TempDir(), Durability: embedded.Normal})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	public := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := signer().Certificate(r.Context(), strings.TrimPrefix(r.URL.Path, "/smn/"))
		if err != nil {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = w.Write(text)
	}))
	defer public.Close()

	type notification struct{ path, topicOwner, subscription, message, tag string }
	arrived := make(chan notification, 10)
	tried := map[string]bool{}
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = verified(r)
		}
		switch {
		case err != nil:
			t.Error(err)
			w.WriteHeader(http.StatusForbidden)
		case r.URL.Path == "/again" && !tried[r.URL.Path]: // one delivery, so one at a time
			tried[r.URL.Path] = true
			w.WriteHeader(http.StatusNotFound)
		case r.URL.Path == "/simplified":
			h := r.Header
			arrived <- notification{r.URL.Path, h.Get("x-mns-topic-owner"), h.Get("x-mns-subscription-name"), string(body), h.Get("x-mns-message-tag")}
			w.WriteHeader(http.StatusNoContent)
		default:
			var n struct{ TopicOwner, SubscriptionName, Message, MessageTag string }
			if err := xml.Unmarshal(body, &n); err != nil {
				t.Error(err)
			}
			arrived <- notification{r.URL.Path, n.TopicOwner, n.SubscriptionName, n.Message, n.MessageTag}
			w.WriteHeader(http.StatusCreated)
		}
	}))
	defer receiver.Close()

	tokens, err := iam.NewConfirmTokens(make([]byte, 32))
	require.NoError(t, err)
	service, err := broker.New(broker.Config{Store: db, Tasks: db, Tokens: tokens, Region: "local", AllowPrivateEndpoints: true})
	require.NoError(t, err)
	_, err = service.CreateTopic(ctx, smn.CreateTopicInput{Name: "MyTopic1"})
	require.NoError(t, err)
	subscribe := func(name, path string, style smn.Style) {
		style.Strategy = "soon"
		_, created, err := service.SubscribeNamed(ctx, smn.SubscribeNamedInput{
			TopicURN: topicURN, Name: name, NewSubscription: smn.NewSubscription{Protocol: smn.HTTP, Endpoint: receiver.URL + path}, Style: style,
		})
		require.NoError(t, err)
		require.True(t, created)
	}
	subscribe("usual", "", smn.Style{Form: mns.FormXML})
	subscribe("simplified", "/simplified", smn.Style{Form: mns.FormSimplified, Tag: "blue"})
	subscribe("again", "/again", smn.Style{Form: mns.FormXML})
	subscribe("filtered", "/filtered", smn.Style{Form: mns.FormXML, Tag: "red"})
	published, err := service.Publish(ctx, smn.PublishInput{TopicURN: topicURN, Message: "<1> & 2", Tag: "blue"})
	require.NoError(t, err)

	poster := post.New(post.Config{AllowPrivate: true, Writer: true})
	defer poster.Close()
	strategies := mnspush.Strategies()
	strategies["soon"] = deliver.Policy{Delays: []time.Duration{time.Millisecond}}
	w, err := deliver.New(deliver.Config{
		Store: db, Tasks: db, Signer: signer(), Tokens: tokens, PublicURL: public.URL, Log: slog.New(slog.DiscardHandler),
		Senders: map[smn.Protocol]deliver.Sender{smn.HTTP: webhook.New(poster)},
		Forms:   mnspush.Forms(poster), Strategies: strategies,
	})
	require.NoError(t, err)
	ran := make(chan error)
	go func() { ran <- w.Run(ctx, db) }()
	got := map[string]notification{}
	for range 3 {
		select {
		case n := <-arrived:
			got[n.subscription] = n
		case <-time.After(30 * time.Second):
			t.Fatal("not everything arrived")
		}
	}
	stop()
	require.NoError(t, <-ran)
	require.Equal(t, map[string]notification{
		"usual":      {"/notifications", account, "usual", "<1> & 2", "blue"},
		"simplified": {"/simplified", account, "simplified", "<1> & 2", "blue"},
		"again":      {"/again", account, "again", "<1> & 2", "blue"},
	}, got)
	report, err := db.GetReport(t.Context(), published)
	require.NoError(t, err)
	require.Equal(t, []int{3, 3, 1}, []int{report.Matched, report.Delivered(), report.Filtered})
}

// verified says what is wrong with the signature of a request, if anything is.
func verified(r *http.Request) error {
	at, err := base64.StdEncoding.DecodeString(r.Header.Get("x-mns-signing-cert-url"))
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(r.Context(), http.MethodGet, string(at), http.NoBody)
	if err != nil {
		return err
	}
	answer, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	block, _ := pem.Decode(text)
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return err
	}
	signature, err := base64.StdEncoding.DecodeString(r.Header.Get("Authorization"))
	if err != nil {
		return err
	}
	sum := sha1.Sum(mns.StringToSign(r.Method, mns.Fields(r.Header), r.RequestURI))
	return rsa.VerifyPKCS1v15(certificate.PublicKey.(*rsa.PublicKey), crypto.SHA1, sum[:], signature)
}
