package httpapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"
	"strings"
	"time"

	"tocsin/shared/iam"
	"tocsin/shared/smn"
)

// maxBody is the largest request body. A message of 256 KB fits unless more than
// half of it is control characters, which JSON spells with six bytes.
const maxBody = 1 << 20

// exchange puts around an operation all that operations have in common: request
// id, size limit, authentication, panic capture, error reply and one log line.
type exchange struct {
	op     Operation
	handle handler
	config Config
	room   *room
}

func bodyTooLarge() error {
	return smn.Errorf(smn.TooLarge, "the body may have at most %d bytes", maxBody)
}

// elsewhere stands for requests that no operation takes.
var elsewhere = Operation{Name: "none", door: openDoor}

func noRoute(r *http.Request) (reply, error) {
	return reply{}, smn.Errorf(smn.NoRoute, "no operation has the method %s and this path", shortened(r.Method))
}

// isClean says whether a path is in its simplest form, as http.ServeMux wants it.
func isClean(p string) bool { return strings.HasPrefix(p, "/") && path.Clean(p) == p }

// ServeHTTP answers one request.
func (x exchange) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	id := smn.NewID()
	rep, caller, err := x.answer(w, r, id)
	if err != nil {
		rep = x.op.door.spell(id, err)
	}
	w.Header()["X-Request-Id"] = []string{id}
	if writeErr := rep.write(w); writeErr != nil && err == nil {
		err = fmt.Errorf("write answer: %w", writeErr)
	}
	took := time.Since(began)
	if x.config.Observer != nil {
		x.config.Observer.Answered(x.op.Name, rep.status, took)
	}
	x.log(r, id, caller, rep.status, err, began, took)
}

// answer does the work; a panic on the way is an error.
func (x exchange) answer(w http.ResponseWriter, r *http.Request, id string) (rep reply, caller smn.Caller, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic of %T\n%s", p, debug.Stack()) // its text may hold anything
		}
	}()
	leave, err := x.room.enter(r)
	if err != nil {
		return reply{}, smn.Caller{}, err
	}
	defer leave()
	body, err := readBody(w, r)
	if err != nil {
		return reply{}, smn.Caller{}, err
	}
	caller = smn.Anonymous
	if x.op.door.owners {
		if caller, err = x.authenticate(r, body); err != nil {
			return reply{}, caller, err
		}
	}
	rep, err = x.handle(r.WithContext(smn.WithCaller(context.WithValue(r.Context(), requestIDKey{}, id), caller)))
	return rep, caller, err
}

// authenticate proves the caller and holds him to the project in the path. Which
// topics he may touch is for the service to judge.
func (x exchange) authenticate(r *http.Request, body []byte) (smn.Caller, error) {
	var caller smn.Caller
	var err error
	if x.op.door.basic && iam.IsBasic(r) {
		caller, err = x.config.Identity.AuthenticateBasic(r.Context(), r)
	} else {
		caller, err = x.config.Identity.Authenticate(r.Context(), r, body)
	}
	if err != nil {
		return smn.Caller{}, err
	}
	if p := r.PathValue("project_id"); p != "" && p != caller.Project {
		return caller, smn.Errorf(smn.Forbidden, "the credentials are for another project than the one in the path")
	}
	return caller, nil
}

// readBody reads the whole body, which signatures cover, and leaves it readable.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength == 0 || r.Body == nil {
		return nil, nil
	}
	var body []byte
	var err error
	if r.ContentLength > 0 { // and at most maxBody: it has found room
		body = make([]byte, r.ContentLength)
		_, err = io.ReadFull(r.Body, body)
	} else { // it does not say
		body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	}
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return nil, bodyTooLarge()
		}
		return nil, smn.Errorf(smn.Unreadable, "the body ended early") // the cause names addresses of ours
	}
	r.Body = &keptBody{Reader: bytes.NewReader(body), all: body}
	return body, nil
}

// keptBody is a body that was read.
type keptBody struct {
	*bytes.Reader
	all []byte
}

func (*keptBody) Close() error { return nil }

type requestIDKey struct{}

// requestID is the id of a request, which its answer and its log line carry.
func requestID(r *http.Request) string {
	id, _ := r.Context().Value(requestIDKey{}).(string)
	return id
}

// log writes the one line of a request. It holds no query, no body and no header:
// these carry tokens and messages. It does what LogAttrs does, but for finding its
// place in the code, which nobody wants to know, and another look at the clock: they
// take longer than all the rest of it.
func (x exchange) log(r *http.Request, id string, caller smn.Caller, status int, err error, began time.Time, took time.Duration) {
	ctx, log, level, code := r.Context(), x.config.Log.Handler(), slog.LevelInfo, smn.CodeOf(err)
	if code == smn.Internal {
		level = slog.LevelError
	}
	if !log.Enabled(ctx, level) {
		return
	}
	line := slog.NewRecord(began.Add(took), level, "request", 0)
	line.AddAttrs(
		slog.String("request_id", id),
		slog.String("operation", x.op.Name),
		slog.String("method", shortened(r.Method)),
		slog.String("path", shortened(beforeQuery(r.URL.Path))),
		slog.Int("status", status),
		slog.Int64("us", took.Microseconds()),
		slog.Int64("bytes", r.ContentLength),
		slog.String("project", caller.Project),
		slog.String("user", caller.User))
	if err != nil {
		line.AddAttrs(slog.String("code", string(code)), slog.String("error", err.Error()))
	}
	_ = log.Handle(ctx, line) // there is nowhere to complain
}

// beforeQuery cuts off what became part of the path because someone encoded its
// question mark: a link that was encoded once too often carries a token.
func beforeQuery(path string) string {
	before, _, _ := strings.Cut(path, "?")
	return before
}

// shortened cuts what a stranger wrote to a length that a log can bear.
func shortened(s string) string {
	const most = 512
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
