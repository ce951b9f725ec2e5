package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"tocsin/shared/broker"
	"tocsin/shared/deliver"
	"tocsin/shared/deliver/chatbot"
	"tocsin/shared/deliver/function"
	"tocsin/shared/deliver/mnspush"
	"tocsin/shared/deliver/outbox"
	"tocsin/shared/deliver/post"
	"tocsin/shared/deliver/sms"
	"tocsin/shared/deliver/smtp"
	"tocsin/shared/deliver/webhook"
	"tocsin/shared/embedded"
	"tocsin/shared/httpapi"
	"tocsin/shared/iam"
	"tocsin/shared/intake"
	"tocsin/shared/mns/door"
	"tocsin/shared/signing"
	"tocsin/shared/smn"
)

// house is the whole service on one machine: API, worker and store.
type house struct {
	settings settings
	log      *slog.Logger
	db       *embedded.DB
	broker   *broker.Broker
	identity *iam.Authority
	users    *credentialsFile // nil without one
	worker   *deliver.Worker
	posters  []*post.Poster
	mails    *smtp.Sender // nil without a mail server
	listener net.Listener
	server   *http.Server
	sides    []side
	metrics  *metrics
	pulse    pulse
	stats    func(context.Context) (embedded.Stats, error)
	began    time.Time

	certificate *certificate // nil without TLS
	selfSigned  *selfSigned  // nil unless the certificate is our own
}

// What the API has in hand at once, beyond which it answers 503: enough for many
// more callers than two cores can serve, in a few hundred megabytes.
const (
	maxInHand      = 4096
	maxBytesInHand = 64 << 20
)

// drain is how long requests in hand may take to finish when the house closes.
// Attempts in hand bound themselves: 5 s, or 15 s at an SMS gateway; a mail may have
// to wait 20 s for a connection and takes 10 s.
const drain = 10 * time.Second

// gatewayTimeout is how long an SMS gateway may take: longer than other endpoints,
// since a text that was taken after we had hung up would be sent twice.
const gatewayTimeout = 15 * time.Second

// openHouse opens the store, takes the address and builds everything. Nothing is
// served before serve.
func openHouse(ctx context.Context, s settings, log *slog.Logger) (_ *house, err error) {
	h := &house{log: log, began: time.Now()}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.close())
		}
	}()
	if h.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", s.addr); err != nil {
		return h, err
	}
	if err = s.complete(h.listener.Addr()); err != nil {
		return h, err
	}
	h.settings = s
	if h.db, err = embedded.Open(ctx, embedded.Config{Dir: s.data, Durability: s.durability(), MaxBacklog: s.MaxBacklog, Log: log}); err != nil {
		return h, err
	}
	return h, h.build(ctx)
}

// build puts the parts together.
func (h *house) build(ctx context.Context) error {
	s := h.settings
	if err := h.openTLS(ctx); err != nil {
		return err
	}
	signer, tokens, err := h.keys(ctx)
	if err != nil {
		return err
	}
	h.broker, err = broker.New(broker.Config{
		Store:                 h.db,
		Tasks:                 h.db,
		Tokens:                tokens,
		Region:                s.Region,
		AllowPrivateEndpoints: *s.AllowPrivateEndpoints,
	})
	if err != nil {
		return err
	}
	senders, forms := h.senders()
	h.metrics = newMetrics(operationNames(), slices.Collect(maps.Keys(senders)), h.numbers)
	h.worker, err = deliver.New(deliver.Config{
		Store:     h.db,
		Tasks:     h.db,
		Senders:   senders,
		Signer:    signer,
		Tokens:    tokens,
		PublicURL: s.PublicURL,
		Quota:     deliver.Quota{MailPerHour: s.MailPerHour, SMSPerHour: s.SMSPerHour, SMSPerHalfDay: s.SMSPerHalfDay},
		Log:       h.log,
		Observer:  h.metrics,

		Forms:      forms,
		Strategies: mnspush.Strategies(),
	})
	if err != nil {
		return err
	}
	room := intake.NewRoom(maxInHand, maxBytesInHand)
	api, err := httpapi.New(httpapi.Config{
		Service:      h.broker,
		Identity:     h.identity,
		Certificates: signer,
		Region:       s.Region,
		PublicURL:    s.PublicURL,
		Log:          h.log,
		Observer:     h.metrics,
		Room:         room,
	}, httpapi.All()...)
	if err != nil {
		return err
	}
	mns, err := door.New(door.Config{
		Service:  h.broker,
		Keys:     h.identity,
		Region:   s.Region,
		Room:     room,
		Log:      h.log,
		Observer: h.metrics,
	})
	if err != nil {
		return err
	}
	h.pulse.ping, h.stats = h.db.Ping, h.db.Stats
	pages := http.NewServeMux()
	pages.HandleFunc("GET /healthz", h.health)
	pages.Handle("GET /_local/status", localOnly(http.HandlerFunc(h.showStatus)))
	pages.Handle("GET /_local/outbox", localOnly(http.HandlerFunc(h.showOutbox)))
	pages.Handle("GET /metrics", localOnly(h.metrics.handler(h.log)))
	h.openSocket(ctx, pages)
	if err := h.openMetrics(ctx); err != nil {
		return err
	}
	h.server = newServer(ownPaths(pages, mns, api), h.log.Handler())
	if h.certificate != nil {
		h.server.TLSConfig = h.certificate.config()
	}
	return nil
}

// keys reads, or makes at the first start, the secrets of the installation.
func (h *house) keys(ctx context.Context) (*signing.Signer, iam.ConfirmTokens, error) {
	const keySize = 32
	secret, err := h.db.GetOrCreate(ctx, "token.key", func() ([]byte, error) {
		key := make([]byte, keySize)
		_, err := rand.Read(key)
		return key, err
	})
	if err == nil && len(secret) != keySize {
		err = fmt.Errorf("secrets/token.key in %s has %d bytes instead of %d: restore it, or remove it, which ends all tokens and open confirmation links", h.settings.data, len(secret), keySize)
	}
	if err != nil {
		return nil, iam.ConfirmTokens{}, err
	}
	if err := h.authority(iam.DeriveKey(secret, "login tokens")); err != nil {
		return nil, iam.ConfirmTokens{}, err
	}
	tokens, err := iam.NewConfirmTokens(iam.DeriveKey(secret, "confirmation links"))
	if err != nil {
		return nil, iam.ConfirmTokens{}, err
	}
	pem, err := h.db.GetOrCreate(ctx, "signing.pem", func() ([]byte, error) {
		key, err := signing.NewKey(time.Now())
		if err != nil {
			return nil, err
		}
		return key.PEM(), nil
	})
	if err != nil {
		return nil, iam.ConfirmTokens{}, err
	}
	key, err := signing.ParseKey(pem)
	if err != nil {
		return nil, iam.ConfirmTokens{}, fmt.Errorf("signing key in %s: %w", h.settings.data, err)
	}
	return signing.New(key, h.settings.Region), tokens, nil
}

// senders are the ways out, by protocol, and by form those of notifications that are
// not SMN's. What strangers have named is called
// through a poster of its own: functions are called where the operator wants them.
func (h *house) senders() (senders map[smn.Protocol]deliver.Sender, forms map[string]deliver.Sender) {
	strangers := post.New(post.Config{AllowPrivate: *h.settings.AllowPrivateEndpoints, Writer: true, RootCAs: h.settings.roots, Proxy: h.settings.proxy})
	own := post.New(post.Config{AllowPrivate: true, Writer: true, RootCAs: h.settings.roots})
	h.posters = append(h.posters, strangers, own)
	hooks, bots, box := webhook.New(strangers), chatbot.New(strangers), outbox.New(h.db, h.log)
	functions := function.New(own, h.settings.functions)
	senders = map[smn.Protocol]deliver.Sender{
		smn.HTTP: hooks, smn.HTTPS: hooks,
		smn.Email: box, smn.SMS: box, smn.Call: box,
		smn.FunctionStage: functions, smn.FunctionGraph: functions,
		smn.DingDing: bots, smn.Feishu: bots, smn.WeChat: bots, smn.WeLink: bots, smn.Slack: bots, smn.Teams: bots,
	}
	for _, platform := range smn.Platforms {
		senders[platform.Protocol()] = box
	}
	if h.settings.server != nil {
		server := *h.settings.server
		server.Roots = h.settings.roots
		h.mails = smtp.New(server)
		senders[smn.Email] = h.mails
	}
	if gateway := h.settings.gateway; gateway != nil {
		patient := post.New(post.Config{AllowPrivate: true, Timeout: gatewayTimeout, RootCAs: h.settings.roots})
		h.posters = append(h.posters, patient)
		senders[smn.SMS] = sms.New(patient, *gateway)
	}
	return senders, mnspush.Forms(strangers)
}

// authority knows the users of the credentials file or the one of the settings.
func (h *house) authority(key []byte) error {
	config := iam.Config{Users: []iam.User{h.settings.account()}, TokenKey: key}
	var err error
	if h.settings.credentials != "" {
		h.users = &credentialsFile{path: h.settings.credentials, log: h.log}
		if config.Users, config.Agencies, err = h.users.open(); err != nil {
			return err
		}
	}
	h.identity, err = iam.New(config)
	return err
}

// serve serves until ctx ends, and then lets what is in hand finish: requests
// first, so that nothing new comes in, then deliveries. What waits in the queue
// stays there.
func (h *house) serve(ctx context.Context) error {
	working, stopWorking := context.WithCancel(context.WithoutCancel(ctx))
	worker := make(chan error, 1)
	go func() { worker <- h.work(working) }()
	old := &purger{store: h.db, retention: h.settings.Retention, now: time.Now, log: h.log}
	purge := make(chan struct{})
	go func() { defer close(purge); old.run(working) }()
	watch := make(chan struct{})
	go func() { defer close(watch); h.users.watch(working, h.identity.Replace) }()
	certificates := make(chan struct{})
	go func() { defer close(certificates); h.watchTLS(working) }()
	for _, s := range h.sides {
		go s.serve(working, h.log)
	}
	server := make(chan error, 1)
	go func() {
		if h.certificate != nil {
			server <- h.server.ServeTLS(h.listener, "", "") // by its own TLSConfig
			return
		}
		server <- h.server.Serve(h.listener)
	}()

	var err error
	select {
	case <-ctx.Done():
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
		if err = h.server.Shutdown(closing); err != nil {
			err = errors.Join(fmt.Errorf("requests took too long to finish: %w", err), h.server.Close())
		}
		cancel()
		<-server //nolint:errcheck // it says that it was shut down
	case err = <-server:
	}
	stopWorking()
	<-purge
	<-watch
	<-certificates
	if werr := <-worker; !errors.Is(werr, context.Canceled) {
		err = errors.Join(err, werr)
	}
	return errors.Join(err, h.close())
}

// work delivers until ctx ends; paused, it leaves everything in the queue.
func (h *house) work(ctx context.Context) error {
	if h.settings.paused {
		h.log.LogAttrs(ctx, slog.LevelWarn, "delivery is off: what is accepted waits")
		<-ctx.Done()
		return ctx.Err()
	}
	return h.worker.Run(ctx, h.db)
}

// close gives everything back, as far as it was opened.
func (h *house) close() error {
	var errs []error
	if h.listener != nil {
		if err := h.listener.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
		h.listener = nil
	}
	for _, s := range h.sides {
		errs = append(errs, s.close())
	}
	h.sides = nil
	for _, p := range h.posters {
		p.Close()
	}
	if h.mails != nil {
		h.mails.Close()
	}
	if h.db != nil {
		errs = append(errs, h.db.Close())
		h.db = nil
	}
	return errors.Join(errs...)
}

// ownPaths sends to the binary's own pages what is theirs, to the door of MNS what is
// its own, and everything else to the API, which answers unknown routes in SMN's way.
func ownPaths(own *http.ServeMux, mns, api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v2/") { // nearly all; none is our own
			api.ServeHTTP(w, r)
			return
		}
		if door.IsOwn(r) {
			mns.ServeHTTP(w, r)
			return
		}
		if _, pattern := own.Handler(r); pattern != "" && r.URL.Path == path.Clean(r.URL.Path) {
			own.ServeHTTP(w, r)
			return
		}
		api.ServeHTTP(w, r)
	})
}
