// Package door answers programs of Alibaba MNS, as far as topics go. What they make are
// topics, subscriptions and messages like all others.
package door

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"tocsin/shared/intake"
	"tocsin/shared/mns"
	"tocsin/shared/smn"
)

// maxBody is the largest request body. A message of 64 KB fits if each character of it
// is escaped with six bytes, and 128 KB of attributes beside.
const maxBody = 6*mns.DefaultMessageSize + 128<<10

// Config holds the parts of a door. Service, Keys and Region are required.
type Config struct {
	Service Service
	Keys    Keys
	Region  string // in URNs

	Room     *intake.Room     // bounds what is in hand at once; nil means no bound
	Log      *slog.Logger     // nil means slog.Default
	Observer Observer         // told of each request; nil for none
	Now      func() time.Time // nil means time.Now
}

// Service is what the door opens on.
type Service interface {
	smn.Topics
	smn.NamedSubscriptions
	smn.Publisher
}

// Keys knows who may call. *iam.Authority does, and says what the errors are.
type Keys interface {
	VerifyKey(ctx context.Context, access string, verify func(secret string) error) (smn.Caller, error)
}

// Observer is told of answered requests, to count and to measure them. It is called
// from many goroutines at once.
type Observer interface {
	// Answered tells which operation answered with which status, and how long it
	// took. The operation is "none" when no operation took the request, else one of
	// Operations.
	Answered(operation string, status int, took time.Duration)
}

// door is the handler.
type door struct{ Config }

// New makes the handler of a door. It wants the requests that IsOwn says are for it.
func New(c Config) (http.Handler, error) {
	if c.Service == nil || c.Keys == nil || c.Region == "" {
		return nil, errors.New("mns: the service, the keys and the region must be given")
	}
	if c.Room == nil {
		c.Room = intake.NewRoom(0, 0)
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return door{c}, nil
}

// visit is one request on its way.
type visit struct {
	door
	place
	caller smn.Caller
	header http.Header
	body   []byte
	base   string // scheme and host that the program has called
}

// reply is what is answered when all went well.
type reply struct {
	status   int
	body     any    // nil for none
	location string // path; empty for none
}

// ServeHTTP answers one request.
func (d door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	v := visit{door: d, header: r.Header, base: baseURL(r)}
	id := mns.NewRequestID(began)
	rep, err := v.answer(w, r)
	var code mns.Code
	if err != nil {
		rep, code = refusal(err, id, v.base)
		switch code {
		case mns.MethodNotAllowed:
			w.Header().Set("Allow", v.allowed)
		case mns.QPSLimitExceeded:
			w.Header().Set("Retry-After", "1")
		}
	}
	if writeErr := rep.write(w, id, v.base); writeErr != nil && err == nil {
		err, code = writeErr, mns.InternalError
	}
	took := time.Since(began)
	if d.Observer != nil {
		d.Observer.Answered(v.name(), rep.status, took)
	}
	intake.Line{
		RequestID: id, Operation: v.name(), Status: rep.status, Caller: v.caller, Began: began, Took: took,
		Err: err, Code: string(code), OwnFault: code == mns.InternalError,
	}.Write(d.Log, r)
}

// answer does the work; a panic on the way is an error.
func (v *visit) answer(w http.ResponseWriter, r *http.Request) (rep reply, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic of %T\n%s", p, debug.Stack()) // its text may hold anything
		}
	}()
	if v.place, err = find(r); err != nil {
		return reply{}, err
	}
	stay, err := v.Room.Enter(r, maxBody)
	if err == nil {
		defer stay.Leave()
		v.body, err = intake.ReadBody(w, r, maxBody)
	}
	if smn.CodeOf(err) == smn.TooLarge && v.op == &publish {
		err = mns.ErrTooLong()
	}
	if err != nil {
		return reply{}, err
	}
	if v.caller, err = v.authenticate(r); err != nil {
		return reply{}, err
	}
	return v.op.act(v, smn.WithCaller(r.Context(), v.caller))
}

// refusal is what is answered when something went wrong.
func refusal(err error, id, base string) (reply, mns.Code) {
	e := mns.Explain(err)
	return reply{status: e.Status(), body: mns.ErrorResponse{Code: e.Code, Message: e.Message, RequestID: id, HostID: base}}, e.Code
}

// Fail answers a request with InternalError, for who cannot open the door.
func Fail(w http.ResponseWriter, r *http.Request) {
	id, base := mns.NewRequestID(time.Now()), baseURL(r)
	rep, _ := refusal(smn.Errorf(smn.Internal, "the door is closed"), id, base)
	_ = rep.write(w, id, base) // there is nowhere to complain
}

// write writes an answer.
func (rep reply) write(w http.ResponseWriter, id, base string) error {
	header := w.Header()
	header[mns.HeaderRequestID], header[mns.HeaderVersion] = []string{id}, []string{mns.Version} // as programs look for them
	if rep.location != "" {
		header.Set("Location", base+rep.location)
	}
	if rep.body == nil {
		w.WriteHeader(rep.status)
		return nil
	}
	body, err := mns.Write(rep.body)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return err
	}
	header.Set("Content-Type", mns.ContentType)
	w.WriteHeader(rep.status)
	if _, err := w.Write(body); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	return nil
}

// baseURL is the address that the program has reached.
func baseURL(r *http.Request) string {
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
