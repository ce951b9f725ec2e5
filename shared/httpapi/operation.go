// Package httpapi turns a smn.Service into an http.Handler. Each operation is a
// value: a name, a route and what to do. Any set of operations makes a handler,
// so one Lambda function mounts one and the binary mounts all.
package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"tocsin/shared/iam"
	"tocsin/shared/intake"
	"tocsin/shared/smn"
)

// Operation is one call of the API.
type Operation struct {
	Name  string // such as list-topics; the name in logs, folders and events
	Route string // pattern of http.ServeMux: "GET /v2/{project_id}/notifications/topics"

	door door    // who may come in, and how errors leave
	bind binding // picks the parts that the operation needs
}

// binding makes the handler of an operation. The kinds below are types and no calls,
// so that operations need no code to be made: the linker leaves out of a function what
// it does not mount, down to the methods of the service behind it.
type binding interface {
	to(c Config) (handler, error)
}

// handler does the work of one request: decode, call, reply.
type handler func(r *http.Request) (reply, error)

// Config holds the parts that operations need. A part may be missing as long as
// no mounted operation needs it.
type Config struct {
	Service      smn.Service
	Identity     Identity
	Certificates Certificates

	// Room bounds what is in hand at once; what comes beyond is Overloaded at once. nil
	// means no bound: a function gets one request at a time.
	Room *intake.Room

	Region    string       // the region in the service catalog
	PublicURL string       // scheme and host that clients reach; empty: what the request names
	Log       *slog.Logger // nil means slog.Default
	Observer  Observer     // told of each request; nil for none
}

// Observer is told of answered requests, to count and to measure them. It is
// called from many goroutines at once.
type Observer interface {
	// Answered tells which operation answered with which status, and how long it
	// took. The operation is "none" when no operation took the request.
	Answered(operation string, status int, took time.Duration)
}

// Identity proves who is calling and issues tokens. *iam.Authority does.
type Identity interface {
	// Authenticate proves the caller of a request whose body has been read.
	Authenticate(ctx context.Context, r *http.Request, body []byte) (smn.Caller, error)
	// AuthenticateBasic proves the caller by an access key as the name of Basic
	// authentication and its secret as the password.
	AuthenticateBasic(ctx context.Context, r *http.Request) (smn.Caller, error)
	// IssueToken answers a login.
	IssueToken(ctx context.Context, in iam.TokenRequest) (iam.Token, error)
	// InspectToken tells what a token says.
	InspectToken(ctx context.Context, value string) (iam.Token, error)
	// Scopes tells the caller of the context what it may ask a token for.
	Scopes(ctx context.Context) (iam.Scopes, error)
}

// Certificates gives out the certificates that messages are signed with.
// *signing.Signer does.
type Certificates interface {
	// Certificate is a PEM certificate, or CertificateNotFound.
	Certificate(ctx context.Context, id string) ([]byte, error)
}

// New makes a handler of these operations. It reports the first operation that
// needs a part which the configuration lacks.
func New(c Config, ops ...Operation) (http.Handler, error) {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	mux := http.NewServeMux()
	if c.Room == nil {
		c.Room = intake.NewRoom(0, 0)
	}
	for _, op := range ops {
		handle, err := op.bind.to(c)
		if err == nil && op.door.owners && c.Identity == nil {
			err = errors.New("it needs to know who is calling")
		}
		if err != nil {
			return nil, fmt.Errorf("operation %s cannot be mounted: %w", op.Name, err)
		}
		mux.Handle(op.Route, exchange{op: op, handle: handle, config: c})
	}
	elsewhere := exchange{op: elsewhere, handle: noRoute, config: c}
	mux.Handle("/", elsewhere) // all that no operation takes, wrong methods included
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = bareRoot(r)
		// The mux would redirect unclean paths, and let HEAD do what GET does: a
		// link checker must not unsubscribe anybody.
		if !isClean(r.URL.EscapedPath()) || r.Method == http.MethodHead {
			elsewhere.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	}), nil
}

// withService binds an operation to the service.
type withService func(*http.Request, smn.Service) (reply, error)

func (f withService) to(c Config) (handler, error) {
	if c.Service == nil {
		return nil, errors.New("it needs a service")
	}
	return func(r *http.Request) (reply, error) {
		rep, err := f(r, c.Service)
		if smn.CodeOf(err) == smn.Unauthenticated {
			// The caller was let in. It is we whom the service behind us does not know.
			err = smn.Errorf(smn.Internal, "the service refuses our own credential: %w", err)
		}
		return rep, err
	}, nil
}

// withConfig binds an operation that needs no part, only settings.
type withConfig func(*http.Request, Config) (reply, error)

func (f withConfig) to(c Config) (handler, error) {
	return func(r *http.Request) (reply, error) { return f(r, c) }, nil
}

// withIdentity binds an operation to the identity service.
type withIdentity func(*http.Request, Config) (reply, error)

func (f withIdentity) to(c Config) (handler, error) {
	if c.Identity == nil {
		return nil, errors.New("it needs an identity service")
	}
	return withConfig(f).to(c)
}

// withCertificates binds an operation to the signing certificates.
type withCertificates func(*http.Request, Certificates) (reply, error)

func (f withCertificates) to(c Config) (handler, error) {
	if c.Certificates == nil {
		return nil, errors.New("it needs the signing certificates")
	}
	return func(r *http.Request) (reply, error) { return f(r, c.Certificates) }, nil
}
