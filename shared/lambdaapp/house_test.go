package lambdaapp

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"tocsin/internal/emulators"
	"tocsin/shared/deliver"
	"tocsin/shared/deliver/post"
	"tocsin/shared/deliver/webhook"
	"tocsin/shared/embedded"
	"tocsin/shared/httpapi"
	"tocsin/shared/secrets"
	"tocsin/shared/signing"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// built is a house over an embedded store, with secrets in the emulator.
type built struct {
	*house
	db    *embedded.DB
	vault *secretsmanager.Client
	now   time.Time // by the clock of the secrets
	log   bytes.Buffer
}

func build(t *testing.T, changes map[string]string) *built {
	t.Helper()
	b := &built{now: time.Now(), vault: secretsmanager.NewFromConfig(emulators.Moto(t))}
	s, err := readSettings(onAWSWith(changes))
	require.NoError(t, err)
	s.secrets = "test/" + smn.NewID() + "/"
	b.db, err = embedded.Open(t.Context(), embedded.Config{Dir: t.TempDir(), Durability: embedded.Normal})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.db.Close()) })
	keeper, err := secrets.New(secrets.Config{Client: secrets.NewClient(emulators.Moto(t)), Prefix: s.secrets, Now: func() time.Time { return b.now }})
	require.NoError(t, err)
	b.house = &house{settings: s, store: b.db, queue: b.db, secrets: keeper, metrics: noMetrics, log: slog.New(slog.NewTextHandler(&b.log, nil))}
	return b
}

// rotate gives a secret another value, which is known to all after a while.
func (b *built) rotate(t *testing.T, id, value string) {
	t.Helper()
	_, err := b.vault.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: aws.String(id), SecretString: aws.String(value)})
	require.NoError(t, err)
}

func (b *built) later() { b.now = b.now.Add(secrets.DefaultMaxAge) }

const loginFormat = `{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"NAME","password":"PASSWORD","domain":{"name":"acme"}}}},"scope":{"project":{"name":"eu-de"}}}}`

// login gives the status and the token of a login.
func login(api http.Handler, name, password string) (int, string) {
	body := strings.NewReplacer("NAME", name, "PASSWORD", password).Replace(loginFormat)
	answer := httptest.NewRecorder()
	api.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/v3/auth/tokens", strings.NewReader(body)))
	return answer.Code, answer.Header().Get("X-Subject-Token")
}

func list(api http.Handler, token string) int {
	r := httptest.NewRequest(http.MethodGet, "/v2/0123456789abcdef0123456789abcdef/notifications/topics", nil)
	r.Header.Set("X-Auth-Token", token)
	answer := httptest.NewRecorder()
	api.ServeHTTP(answer, r)
	return answer.Code
}

func credentialsOf(t *testing.T, name, password string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), 10)
	require.NoError(t, err)
	text, err := json.Marshal(map[string]any{"domains": []any{map[string]any{
		"name":     "acme",
		"projects": []any{map[string]any{"name": "eu-de", "id": "0123456789abcdef0123456789abcdef"}},
		"users":    []any{map[string]any{"name": name, "password": string(hash)}},
	}}})
	require.NoError(t, err)
	return string(text)
}

// Users are those of the secret, also when it has another value, but not when that
// cannot be read.
func TestCredentialsOfASecret(t *testing.T) {
	name := "test/" + smn.NewID()
	b := build(t, map[string]string{
		"TOCSIN_CREDENTIALS": name, "TOCSIN_PROJECT_ID": "", "TOCSIN_ACCESS_KEY": "", "TOCSIN_SECRET_KEY": "",
	})
	api, err := b.api(httpapi.All()...)
	require.NoError(t, err)
	status, _ := login(api, "alice", "one")
	require.Equal(t, http.StatusInternalServerError, status)
	require.Contains(t, b.log.String(), "TOCSIN_CREDENTIALS: secret "+name+": there is none")

	_, err = b.vault.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String(name), SecretString: aws.String("{}")})
	require.NoError(t, err)
	status, _ = login(api, "alice", "one")
	require.Equal(t, http.StatusInternalServerError, status)
	require.Contains(t, b.log.String(), "TOCSIN_CREDENTIALS: credentials: domains: there is no user")

	b.later()
	b.rotate(t, name, credentialsOf(t, "alice", "one"))
	status, token := login(api, "alice", "one")
	require.Equal(t, http.StatusCreated, status, b.log.String())
	require.Equal(t, http.StatusOK, list(api, token))

	b.rotate(t, name, "no JSON")
	b.later()
	require.Equal(t, http.StatusOK, list(api, token), "those that were there stay")
	require.Equal(t, http.StatusOK, list(api, token))
	require.Equal(t, 1, strings.Count(b.log.String(), "the old ones stay"), "it is said once")

	b.rotate(t, name, credentialsOf(t, "bob", "two"))
	b.later()
	require.Equal(t, http.StatusUnauthorized, list(api, token))
	status, token = login(api, "bob", "two")
	require.Equal(t, http.StatusCreated, status)
	require.Equal(t, http.StatusOK, list(api, token))

	b.rotate(t, b.settings.secrets+tokenKey, strings.Repeat("k", keySize))
	require.Equal(t, http.StatusOK, list(api, token))
	b.later()
	require.Equal(t, http.StatusUnauthorized, list(api, token), "another key ends all tokens")
}

// A token of one function opens all others.
func TestFunctionsShareTheirKeys(t *testing.T) {
	b := build(t, map[string]string{"TOCSIN_DOMAIN": "acme", "TOCSIN_USER": "alice", "TOCSIN_PASSWORD": "one"})
	identity, err := b.api(httpapi.IdentityOperations()...)
	require.NoError(t, err)
	status, token := login(identity, "alice", "one")
	require.Equal(t, http.StatusCreated, status, b.log.String())

	other := *b.house
	other.secrets, err = secrets.New(secrets.Config{Client: secrets.NewClient(emulators.Moto(t)), Prefix: b.settings.secrets})
	require.NoError(t, err)
	manage, err := other.api(httpapi.ManageOperations()...)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, list(manage, token))
}

func TestWrongSecrets(t *testing.T) {
	b := build(t, nil)
	b.rotateNew(t, tokenKey, "short")
	_, err := b.worker(Outlets{}).get(t.Context())
	require.ErrorContains(t, err, "token.key has 5 bytes instead of 32")

	b = build(t, nil)
	b.rotateNew(t, signingKey, "no PEM")
	_, err = b.worker(Outlets{}).get(t.Context())
	require.ErrorContains(t, err, "signing.pem: signing: want a PEM text")
}

// rotateNew makes a secret that nobody has used yet.
func (b *built) rotateNew(t *testing.T, name, value string) {
	t.Helper()
	_, err := b.vault.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String(b.settings.secrets + name), SecretString: aws.String(value)})
	require.NoError(t, err)
}

// The certificate of a retired key can be downloaded, and that of a new one at once.
func TestCertificates(t *testing.T) {
	b := build(t, nil)
	ctx, c := t.Context(), certificates{b.house}
	idOf := func(pem []byte) string {
		key, err := signing.ParseKey(pem)
		require.NoError(t, err)
		return signing.New(key, "eu-de").CertificateID()
	}
	pem, err := b.signingPEM(ctx)
	require.NoError(t, err)
	first := idOf(pem)
	certificate, err := c.Certificate(ctx, first)
	require.NoError(t, err)
	require.Contains(t, string(pem), string(certificate))
	_, err = c.Certificate(ctx, "SMN_eu-de_00000000000000000000000000000000.pem")
	require.Equal(t, smn.CertificateNotFound, smn.CodeOf(err))

	key, err := signing.NewKey(time.Now())
	require.NoError(t, err)
	b.rotate(t, b.settings.secrets+signingKey, string(key.PEM()))
	second := idOf(key.PEM())
	_, err = c.Certificate(ctx, second)
	require.Equal(t, smn.CertificateNotFound, smn.CodeOf(err), "what was read a moment ago is not read again")
	b.now = b.now.Add(freshness)
	_, err = c.Certificate(ctx, second)
	require.NoError(t, err)
	_, err = c.Certificate(ctx, first)
	require.NoError(t, err)

	b.rotate(t, b.settings.secrets+signingKey, "broken")
	b.later()
	_, err = c.Certificate(ctx, second)
	require.NoError(t, err)
}

// receiver is an endpoint that notes what it gets.
type receiver struct {
	mu  sync.Mutex
	got []wire.Push
}

func (r *receiver) ServeHTTP(_ http.ResponseWriter, req *http.Request) {
	var push wire.Push
	_ = json.NewDecoder(req.Body).Decode(&push) // what is none is not found
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, push)
}

// all is what came of one type.
func (r *receiver) all(kind string) (some []wire.Push) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, push := range r.got {
		if push.Type == kind {
			some = append(some, push)
		}
	}
	return some
}

// Events of the queue take confirmations and messages to endpoints; another function
// answers the links in them, and a third takes the message.
func TestDeliver(t *testing.T) {
	endpoint := &receiver{}
	server := httptest.NewServer(endpoint)
	t.Cleanup(server.Close)
	b := build(t, map[string]string{"TOCSIN_ALLOW_PRIVATE_ENDPOINTS": "true"})
	require.True(t, b.settings.ways.AllowPrivate)
	out := Outlets{Senders: map[smn.Protocol]deliver.Sender{smn.HTTP: webhook.New(post.New(post.Config{AllowPrivate: true}))}}
	handler := deliverHandler(b.worker(out).get, b.db, noMetrics, b.house.log)
	links, err := b.api(httpapi.LinkOperations()...)
	require.NoError(t, err)
	follow := func(link string) string {
		answer := httptest.NewRecorder()
		links.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, link, nil))
		require.Equal(t, http.StatusOK, answer.Code, answer.Body)
		return answer.Body.String()
	}

	service, err := b.service().get(t.Context())
	require.NoError(t, err)
	ctx := smn.WithCaller(t.Context(), smn.Caller{Project: project})
	topic, err := service.CreateTopic(ctx, smn.CreateTopicInput{Name: "alerts"})
	require.NoError(t, err)
	for n := range 3 {
		_, err := service.Subscribe(ctx, smn.SubscribeInput{TopicURN: topic.URN, NewSubscription: smn.NewSubscription{
			Protocol: smn.HTTP, Endpoint: server.URL + "/" + strconv.Itoa(n),
		}})
		require.NoError(t, err)
	}
	b.deliverUntil(t, handler, func() bool { return len(endpoint.all(wire.TypeConfirmation)) == 3 })
	for _, push := range endpoint.all(wire.TypeConfirmation) {
		require.True(t, strings.HasPrefix(push.SubscribeURL, "https://notify.example.com/"))
		follow(push.SubscribeURL)
	}
	id, err := service.Publish(ctx, smn.PublishInput{TopicURN: topic.URN, Message: "it burns"})
	require.NoError(t, err)
	b.deliverUntil(t, handler, func() bool { return len(endpoint.all(wire.TypeNotification)) == 3 })
	for _, push := range endpoint.all(wire.TypeNotification) {
		require.Equal(t, id, push.MessageID)
		require.Contains(t, follow(push.SigningCertURL), "BEGIN CERTIFICATE")
	}
}

// deliverUntil gives the function what waits, until something is so.
func (b *built) deliverUntil(t *testing.T, handler func(context.Context, events.SQSEvent) (events.SQSEventResponse, error), done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for !done() {
		leases, err := b.db.Receive(ctx, 10, time.Minute)
		require.NoError(t, err)
		var event events.SQSEvent
		for _, lease := range leases {
			m := record(lease.ID, lease.Task)
			m.ReceiptHandle = lease.Receipt
			event.Records = append(event.Records, m)
		}
		response, err := handler(ctx, event)
		require.NoError(t, err)
		require.Empty(t, failures(response), b.log.String())
		require.NoError(t, b.db.Ack(ctx, leases...))
	}
}
