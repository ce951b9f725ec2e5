package smn

import "context"

// Caller is who makes a call, as far as it has been proved.
type Caller struct {
	Project string   // id of the project in whose name the call is made
	Domain  string   // id of the account that owns the project
	User    string   // id of the user
	Roles   []string // what the user may do; empty means everything in the project
}

// Anonymous is the caller behind a public link. It owns no project.
var Anonymous = Caller{User: "anonymous"}

type callerKey struct{}

// WithCaller gives ctx a caller. Whoever has proved an identity does this once,
// at the door.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerFrom is the caller of ctx. Without one it reports Forbidden: a path that
// forgot to authenticate must not act as anybody.
func CallerFrom(ctx context.Context) (Caller, error) {
	c, ok := ctx.Value(callerKey{}).(Caller)
	if !ok {
		return Caller{}, Errorf(Forbidden, "the call has no caller")
	}
	return c, nil
}
