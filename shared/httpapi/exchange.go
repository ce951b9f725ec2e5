package httpapi

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"path"
	"runtime/debug"
	"strings"
	"time"

	"tocsin/shared/iam"
	"tocsin/shared/intake"
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
}

// elsewhere stands for requests that no operation takes.
var elsewhere = Operation{Name: "none", door: openDoor}

func noRoute(r *http.Request) (reply, error) {
	return reply{}, smn.Errorf(smn.NoRoute, "no operation has the method %s and this path", intake.Shortened(r.Method))
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
	intake.Line{
		RequestID: id, Operation: x.op.Name, Status: rep.status, Caller: caller, Began: began, Took: took,
		Err: err, Code: string(smn.CodeOf(err)), OwnFault: smn.CodeOf(err) == smn.Internal,
	}.Write(x.config.Log, r)
}

// answer does the work; a panic on the way is an error.
func (x exchange) answer(w http.ResponseWriter, r *http.Request, id string) (rep reply, caller smn.Caller, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic of %T\n%s", p, debug.Stack()) // its text may hold anything
		}
	}()
	stay, err := x.config.Room.Enter(r, maxBody)
	if err != nil {
		return reply{}, smn.Caller{}, err
	}
	defer stay.Leave()
	body, err := intake.ReadBody(w, r, maxBody)
	if err != nil {
		return reply{}, smn.Caller{}, err
	}
	if body != nil {
		kept := &keptBody{all: body}
		kept.Reset(body)
		r.Body = kept
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

// keptBody is a body that was read.
type keptBody struct {
	bytes.Reader
	all []byte
}

func (*keptBody) Close() error { return nil }

type requestIDKey struct{}

// requestID is the id of a request, which its answer and its log line carry.
func requestID(r *http.Request) string {
	id, _ := r.Context().Value(requestIDKey{}).(string)
	return id
}
