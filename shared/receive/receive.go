package receive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"tocsin/shared/signing"
	"tocsin/shared/wire"
)

const (
	maxBody     = 2 << 20                // bytes: SMN has texts of 256 KiB, which JSON makes six times as long at most
	maxAge      = 15 * time.Minute       // as services allow their callers
	keepFailure = 500 * time.Millisecond // less than senders wait before they try again, which is a second or more

	// keepCertificate is short, since MNS says nothing of a certificate but its URL:
	// until a new one at the same URL is seen, all that it signs is refused.
	keepCertificate = 5 * time.Minute
)

// Config is how notifications are received. Receive and one place of certificates
// must be there.
type Config struct {
	// Receive gets each good notification; it may be called from many goroutines at
	// once. The sender waits 5 seconds for the answer. After an error the answer is
	// 500, and the notification comes again; after ErrUnwanted it is 403.
	Receive func(context.Context, Notification) error

	// MNS are the places that certificates of MNS may be fetched from, as
	// scheme://host[:port][/path]; a path stands for itself and all below it. Whoever
	// can put a file there can sign. Without any, notifications of MNS are refused.
	MNS []string

	// SMN are the services whose messages are accepted, as scheme://host[:port].
	// Without any, messages of SMN are refused.
	SMN []string

	// Confirm is asked about a subscription of SMN that waits for its confirmation;
	// nil leaves all of them alone. After an error the answer is 503, and the question
	// comes again; after ErrUnwanted it is 403.
	Confirm func(context.Context, Confirmation) error

	// Refused is told why a request was answered with anything but 201; nil for
	// nobody. The error holds nothing secret, but words that strangers chose, quoted.
	Refused func(r *http.Request, status int, why error)

	MaxBody int64            // bytes; 2 MiB unless set
	MaxAge  time.Duration    // how far the Date of MNS may be away from Now; 15 minutes unless set
	Now     func() time.Time // time.Now unless set

	// Client fetches certificates and confirms; nil for one of the default transport.
	// It has 5 seconds for each and follows no redirect, whatever it is set to.
	Client *http.Client
}

// Handler answers notifications:
//
//	201  with nothing: received, confirmed, or of SMN and nothing to do
//	400  Invalid Notify Message: the body or a header is not what it must be
//	403  Access Forbidden: not genuine, too old, or not wanted
//	405  not POST
//	413  the body is too large
//	500  Receive failed
//	503  the certificate cannot be had, or the subscription not be confirmed, now
//
// It reads the body into memory; the server around it bounds the time for that.
type Handler struct {
	config       Config
	certificates *signing.Certificates
	places       []place
	verifiers    []*signing.Verifier
}

// New makes the handler, or says what is wrong with the Config.
func New(c Config) (*Handler, error) {
	if c.Receive == nil || len(c.MNS)+len(c.SMN) == 0 {
		return nil, errors.New("receive: want Receive, and MNS or SMN")
	}
	c.MaxBody, c.MaxAge = cmp.Or(c.MaxBody, maxBody), cmp.Or(c.MaxAge, maxAge)
	if c.Now == nil {
		c.Now = time.Now
	}
	h := &Handler{config: c, certificates: &signing.Certificates{Client: c.Client, Keep: keepCertificate, KeepFailure: keepFailure}}
	for _, text := range c.MNS {
		p, err := parsePlace(text)
		if err != nil {
			return nil, fmt.Errorf("receive: MNS: %w", err)
		}
		h.places = append(h.places, p)
	}
	for _, text := range c.SMN {
		if p, err := parsePlace(text); err != nil || p.path != "" {
			return nil, fmt.Errorf("receive: SMN: %q is not of the form scheme://host[:port]", text)
		}
		h.verifiers = append(h.verifiers, &signing.Verifier{BaseURL: text, Certificates: h.certificates})
	}
	return h, nil
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := h.take(w, r); err != nil {
		h.refuse(w, r, err)
		return
	}
	w.WriteHeader(http.StatusCreated)
}

func (h *Handler) take(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodPost {
		return &refusal{http.StatusMethodNotAllowed, errors.New("notifications come by POST")}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.config.MaxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return &refusal{http.StatusRequestEntityTooLarge, fmt.Errorf("the body has more than %d bytes", tooLarge.Limit)}
	} else if err != nil {
		return invalid("the body broke off")
	}
	switch {
	case r.Header.Get(wire.HeaderMessageType) != "": // comes first: subscribers of SMN may have headers of their own, but none like this
		return h.takeSMN(r, body)
	case isMNS(r.Header):
		return h.takeMNS(r, body)
	}
	return invalid("it has neither the headers of MNS nor those of SMN")
}

// hand gives a good notification to the caller.
func (h *Handler) hand(ctx context.Context, n Notification) error {
	if err := h.config.Receive(ctx, n); errors.Is(err, ErrUnwanted) {
		return &refusal{http.StatusForbidden, err}
	} else if err != nil {
		return &refusal{http.StatusInternalServerError, err}
	}
	return nil
}

// refusal is an error with the status that it is answered with.
type refusal struct {
	status int
	why    error
}

func (r *refusal) Error() string { return r.why.Error() }
func (r *refusal) Unwrap() error { return r.why }

func forbidden(format string, args ...any) error {
	return &refusal{http.StatusForbidden, fmt.Errorf(format, args...)}
}

func invalid(format string, args ...any) error {
	return &refusal{http.StatusBadRequest, fmt.Errorf(format, args...)}
}

func later(why error) error { return &refusal{http.StatusServiceUnavailable, why} }

// judged is the refusal for an error of package signing.
func judged(err error) error {
	if errors.Is(err, signing.ErrUnavailable) {
		return later(err)
	}
	return forbidden("%w", err)
}

// words are what MNS's own receiver says.
var words = map[int]string{
	http.StatusForbidden:  "Access Forbidden",
	http.StatusBadRequest: "Invalid Notify Message",
}

// refuse answers and tells why, but not the sender.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	status := http.StatusInternalServerError
	if refused := (*refusal)(nil); errors.As(err, &refused) {
		status, err = refused.status, refused.why
	}
	if h.config.Refused != nil {
		h.config.Refused(r, status, err)
	}
	head := w.Header()
	head.Set("Content-Type", "text/plain; charset=utf-8")
	head.Set("X-Content-Type-Options", "nosniff")
	if status == http.StatusMethodNotAllowed {
		head.Set("Allow", http.MethodPost)
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, cmp.Or(words[status], http.StatusText(status))) // the sender may have gone
}
