package client

import (
	"context"
	"net/http"
	"sync"
	"time"

	"tocsin/shared/iam"
	"tocsin/shared/smn"
)

// Credential proves who a client is: Password or AccessKey.
type Credential interface {
	open(c *Client) (session, error)
}

// session is a credential in use.
type session interface {
	project(ctx context.Context) (string, error)
	authorize(ctx context.Context, r *http.Request, body []byte) error
	// refused hears that the service did not accept the credential of r, and says
	// whether another try makes sense.
	refused(r *http.Request) bool
}

// Password logs in with a user's password. The token is fetched at the first
// call and kept until shortly before it expires.
type Password struct {
	Domain   string // name of the account
	User     string
	Password string
	Project  string // name of the project, which in SMN is that of the region
}

// AccessKey signs every request; nothing is fetched.
type AccessKey struct {
	Access  string
	Secret  string
	Project string // id of the project
}

func (a AccessKey) open(c *Client) (session, error) {
	if a.Access == "" || a.Secret == "" || a.Project == "" {
		return nil, smn.Errorf(smn.Unauthenticated, "an access key needs the key, its secret and the id of a project")
	}
	return keySession{key: iam.AccessKey{Access: a.Access, Secret: a.Secret}, id: a.Project, now: c.now}, nil
}

type keySession struct {
	key iam.AccessKey
	id  string
	now func() time.Time
}

func (s keySession) project(context.Context) (string, error) { return s.id, nil }

func (s keySession) authorize(_ context.Context, r *http.Request, body []byte) error {
	r.Header.Set("X-Project-Id", s.id)
	iam.Sign(r, body, s.key, s.now())
	return nil
}

func (keySession) refused(*http.Request) bool { return false }

func (p Password) open(c *Client) (session, error) {
	if p.User == "" || p.Password == "" {
		return nil, smn.Errorf(smn.Unauthenticated, "a login needs a user and a password")
	}
	return &tokenSession{client: c, login: p}, nil
}

// renewBefore is how long before its end a token is renewed, as the SDKs of SMN
// do; one that lives for a short time only is renewed later.
const renewBefore = 30 * time.Minute

// tokenSession keeps a token. Of many goroutines that need one, one fetches it
// and all get what it got.
type tokenSession struct {
	client *Client
	login  Password

	mu    sync.Mutex
	token iam.Token
	fetch *fetch // under way; nil when none is
}

// fetch is a login under way.
type fetch struct {
	done  chan struct{} // closed when token and err are there
	token iam.Token
	err   error
}

func (s *tokenSession) project(ctx context.Context) (string, error) {
	t, err := s.current(ctx)
	return t.Project.ID, err
}

func (s *tokenSession) authorize(ctx context.Context, r *http.Request, _ []byte) error {
	t, err := s.current(ctx)
	if err != nil {
		return err
	}
	r.Header.Set("X-Auth-Token", t.Value)
	return nil
}

// refused forgets the token, unless another goroutine has replaced it already.
func (s *tokenSession) refused(r *http.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token.Value == r.Header.Get("X-Auth-Token") {
		s.token = iam.Token{}
	}
	return true
}

// current is a token that is good for a while. While a renewal fails, the one at
// hand is used to its end.
func (s *tokenSession) current(ctx context.Context) (iam.Token, error) {
	s.mu.Lock()
	now, old := s.client.now(), s.token
	renewAt := old.ExpiresAt.Add(-min(renewBefore, old.ExpiresAt.Sub(old.IssuedAt)/10))
	if old.Value != "" && now.Before(renewAt) {
		s.mu.Unlock()
		return old, nil
	}
	f := s.fetch
	if f == nil {
		f = &fetch{done: make(chan struct{})}
		s.fetch = f
		go s.run(context.WithoutCancel(ctx), f) // others wait for it too; the client's timeout bounds it
	}
	s.mu.Unlock()
	select {
	case <-f.done:
	case <-ctx.Done():
		return iam.Token{}, ctx.Err()
	}
	if f.err != nil && old.Value != "" && now.Before(old.ExpiresAt) {
		return old, nil
	}
	return f.token, f.err
}

// run logs in and tells everyone who waits.
func (s *tokenSession) run(ctx context.Context, f *fetch) {
	in := iam.TokenRequest{Methods: []string{iam.MethodPassword}}
	in.User.Name, in.User.Password, in.User.Domain.Name = s.login.User, s.login.Password, s.login.Domain
	if s.login.Project != "" {
		in.Project = &iam.Project{Name: s.login.Project}
	}
	f.token, f.err = s.client.IssueToken(ctx, in)
	s.mu.Lock()
	if s.fetch = nil; f.err == nil {
		s.token = f.token
	}
	s.mu.Unlock()
	close(f.done)
}

// anonymous is a client without a credential.
type anonymous struct{}

var errNoCredential = smn.Errorf(smn.Unauthenticated, "the client has no credential")

func (anonymous) project(context.Context) (string, error) { return "", errNoCredential }

func (anonymous) authorize(context.Context, *http.Request, []byte) error { return errNoCredential }

func (anonymous) refused(*http.Request) bool { return false }
