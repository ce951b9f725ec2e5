package lambdaapp

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"tocsin/shared/broker"
	"tocsin/shared/deliver"
	"tocsin/shared/dynamostore"
	"tocsin/shared/httpapi"
	"tocsin/shared/iam"
	"tocsin/shared/queue"
	"tocsin/shared/secrets"
	"tocsin/shared/signing"
	"tocsin/shared/smn"
	"tocsin/shared/sqsqueue"
	"tocsin/shared/store"
)

// house is the service over AWS, as far as one function needs it. It asks AWS for
// nothing before the first event, so that a cold start stays short.
type house struct {
	settings settings
	store    store.Store
	queue    queue.Queue
	secrets  *secrets.Keeper
	metrics  *metrics
	log      *slog.Logger
}

// openHouse builds what stands on AWS. The error is one line.
func openHouse(s settings, m *metrics) (*house, error) {
	h := &house{settings: s, metrics: m, log: slog.Default()}
	var err error
	if h.queue, err = sqsqueue.New(sqsqueue.Config{Client: s.aws.sqs(), URL: s.queueURL, Fair: s.fairQueue, Log: h.log}); err != nil {
		return nil, fmt.Errorf("TOCSIN_QUEUE_URL: %w", err)
	}
	if h.store, err = dynamostore.New(dynamostore.Config{Client: s.aws.dynamoDB(), Table: s.table, Queue: h.queue, Log: h.log}); err != nil {
		return nil, fmt.Errorf("TOCSIN_TABLE: %w", err)
	}
	if h.secrets, err = secrets.New(secrets.Config{Client: s.aws.secretsManager(), Prefix: s.secrets, Log: h.log}); err != nil {
		return nil, fmt.Errorf("TOCSIN_SECRETS: %w", err)
	}
	return h, nil
}

// Names of secrets, behind the prefix.
const (
	tokenKey   = "token.key"   // of login tokens and confirmation links
	signingKey = "signing.pem" // of messages
)

const keySize = 32

// tokenSecret is what the keys of tokens are made of. The first function that needs
// it makes it.
func (h *house) tokenSecret(ctx context.Context) ([]byte, error) {
	return h.secrets.GetOrCreate(ctx, tokenKey, func() ([]byte, error) {
		key := make([]byte, keySize)
		_, err := rand.Read(key)
		return key, err
	})
}

// checkTokenSecret is for who makes something of the secret, so that one that was
// replaced by a wrong one leaves what was made before in use.
func (h *house) checkTokenSecret(secret []byte) error {
	if len(secret) != keySize {
		return fmt.Errorf("secret %s%s has %d bytes instead of %d", h.settings.secrets, tokenKey, len(secret), keySize)
	}
	return nil
}

// signingPEM is the key that messages are signed with and its certificate. The first
// worker makes it.
func (h *house) signingPEM(ctx context.Context) ([]byte, error) {
	return h.secrets.GetOrCreate(ctx, signingKey, func() ([]byte, error) {
		key, err := signing.NewKey(time.Now())
		if err != nil {
			return nil, err
		}
		return key.PEM(), nil
	})
}

// credentials is the text of the users and projects; nil if the settings name the
// one user.
func (h *house) credentials(ctx context.Context) ([]byte, error) {
	if h.settings.credentials == "" {
		return nil, nil
	}
	text, err := h.secrets.Get(ctx, h.settings.credentials)
	if err != nil {
		err = fmt.Errorf("TOCSIN_CREDENTIALS: %w", err)
	}
	return text, err
}

// api is the handler of some operations.
func (h *house) api(ops ...httpapi.Operation) (http.Handler, error) {
	return h.handler(func(in Inside) (http.Handler, error) {
		return httpapi.New(httpapi.Config{
			Service:      in.Service,
			Identity:     in.Identity,
			Certificates: certificates{h},
			Region:       in.Region,
			PublicURL:    h.settings.publicURL,
			Log:          h.log,
			Observer:     h.metrics,
		}, ops...)
	}, func(w http.ResponseWriter, _ *http.Request) { writeFailure(w, smn.Internal, "") })
}

// Inside is what doors open on.
type Inside struct {
	Service  *broker.Broker
	Identity *iam.Authority
	Region   string
	Accepted func() // to be told of each message that was published
	Sample   Sample
}

// Sample is how sample events prove themselves where signatures grow old: a token, and
// the access key of whom it stands for. Both are empty but in local runs.
type Sample struct {
	Token string
	Key   iam.AccessKey
}

// handler is a door: what open makes of the secrets, and makes anew when they change.
// fail answers for it when they cannot be used.
func (h *house) handler(open func(Inside) (http.Handler, error), fail http.HandlerFunc) (http.Handler, error) {
	if err := h.settings.checkUser(); err != nil {
		return nil, err
	}
	build := func(tokenSecret, credentials []byte) (http.Handler, error) {
		in, err := h.inside(tokenSecret, credentials)
		if err != nil {
			return nil, err
		}
		return open(in)
	}
	if h.settings.credentials == "" { // what is wrong is known now
		if _, err := build(make([]byte, keySize), nil); err != nil {
			return nil, err
		}
	}
	made := &renewed[http.Handler]{
		read: func(ctx context.Context) ([][]byte, error) { return readAll(ctx, h.tokenSecret, h.credentials) },
		make: func(secrets [][]byte) (http.Handler, error) { return build(secrets[0], secrets[1]) },
		log:  h.log,
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler, err := made.get(r.Context())
		if err != nil {
			h.log.LogAttrs(r.Context(), slog.LevelError, "the secrets of the installation cannot be used", slog.String("error", err.Error()))
			fail(w, r)
			return
		}
		handler.ServeHTTP(w, r)
	}), nil
}

func (h *house) inside(tokenSecret, credentials []byte) (Inside, error) {
	service, err := h.newService(tokenSecret)
	if err != nil {
		return Inside{}, err
	}
	users, agencies := []iam.User{h.settings.oneUser()}, []iam.Agency(nil)
	if credentials != nil {
		if users, agencies, err = iam.ParseCredentials(credentials); err != nil {
			return Inside{}, fmt.Errorf("TOCSIN_CREDENTIALS: %w", err)
		}
	}
	identity, err := newAuthority(iam.DeriveKey(tokenSecret, "login tokens"), h.settings.sampleToken, users, agencies)
	if err != nil {
		return Inside{}, err
	}
	return Inside{
		Service: service, Identity: identity, Region: h.settings.region, Accepted: h.metrics.Accepted,
		Sample: Sample{h.settings.sampleToken, iam.AccessKey{Access: h.settings.accessKey, Secret: h.settings.secretKey}},
	}, nil
}

func newAuthority(key []byte, sampleToken string, users []iam.User, agencies []iam.Agency) (*iam.Authority, error) {
	authority, err := iam.New(iam.Config{Users: users, Agencies: agencies, TokenKey: key, StaticToken: sampleToken})
	if err != nil {
		return nil, fmt.Errorf("credentials: %w", err)
	}
	return authority, nil
}

func (h *house) newService(tokenSecret []byte) (*broker.Broker, error) {
	if err := h.checkTokenSecret(tokenSecret); err != nil {
		return nil, err
	}
	tokens, err := confirmTokens(tokenSecret)
	if err != nil {
		return nil, err
	}
	return broker.New(broker.Config{
		Store: h.store, Tasks: h.queue, Tokens: tokens, Region: h.settings.region,
		AllowPrivateEndpoints: h.settings.allowPrivate,
	})
}

func confirmTokens(tokenSecret []byte) (iam.ConfirmTokens, error) {
	return iam.NewConfirmTokens(iam.DeriveKey(tokenSecret, "confirmation links"))
}

// service is for functions that call it themselves.
func (h *house) service() *renewed[smn.Service] {
	return &renewed[smn.Service]{
		read: func(ctx context.Context) ([][]byte, error) { return readAll(ctx, h.tokenSecret) },
		make: func(secrets [][]byte) (smn.Service, error) { return h.newService(secrets[0]) },
		log:  h.log,
	}
}

// worker takes messages to endpoints.
func (h *house) worker(out Outlets) *renewed[*deliver.Worker] {
	return &renewed[*deliver.Worker]{
		read: func(ctx context.Context) ([][]byte, error) { return readAll(ctx, h.tokenSecret, h.signingPEM) },
		make: func(secrets [][]byte) (*deliver.Worker, error) { return h.newWorker(secrets[0], secrets[1], out) },
		log:  h.log,
	}
}

// chunkSaves are few: each is a write unit, and a chunk of whatever length has two more,
// to be claimed and to be finished.
var chunkSaves = []time.Duration{time.Second, 5 * time.Second}

func (h *house) newWorker(tokenSecret, pem []byte, out Outlets) (*deliver.Worker, error) {
	if err := h.checkTokenSecret(tokenSecret); err != nil {
		return nil, err
	}
	tokens, err := confirmTokens(tokenSecret)
	if err != nil {
		return nil, err
	}
	key, err := signing.ParseKey(pem)
	if err != nil {
		return nil, fmt.Errorf("secret %s%s: %w", h.settings.secrets, signingKey, err)
	}
	return deliver.New(deliver.Config{
		Store:     h.store,
		Tasks:     h.queue,
		Senders:   out.Senders,
		Signer:    signing.New(key, h.settings.region),
		Tokens:    tokens,
		PublicURL: h.settings.publicURL,
		Quota:     h.settings.quota,
		Saves:     chunkSaves,
		Log:       h.log,
		Observer:  h.metrics,

		Forms:      out.Forms,
		Strategies: out.Strategies,
	})
}

// renewed is something that is made of secrets, and made anew when they were
// rotated.
type renewed[T any] struct {
	read func(context.Context) ([][]byte, error)
	make func(secrets [][]byte) (T, error)
	log  *slog.Logger

	mu   sync.Mutex
	of   [][]byte // the secrets that it was made of, or last tried to be
	made T
	is   bool // made is there
}

// get gives what is made of the secrets as they are now. If nothing can be made of
// new ones, what was made of the ones before stays, and the log says so once.
func (r *renewed[T]) get(ctx context.Context) (T, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var none T
	secrets, err := r.read(ctx)
	if err != nil {
		return none, err
	}
	if r.is && equal(secrets, r.of) {
		return r.made, nil
	}
	made, err := r.make(secrets)
	switch {
	case err == nil:
		r.made, r.is = made, true
	case r.is:
		r.log.LogAttrs(ctx, slog.LevelError, "new secrets not used, the old ones stay", slog.String("error", err.Error()))
	default:
		return none, err
	}
	r.of = secrets
	return r.made, nil
}

func equal(a, b [][]byte) bool {
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

func readAll(ctx context.Context, reads ...func(context.Context) ([]byte, error)) ([][]byte, error) {
	all := make([][]byte, len(reads))
	for i, read := range reads {
		var err error
		if all[i], err = read(ctx); err != nil {
			return nil, err
		}
	}
	return all, nil
}
