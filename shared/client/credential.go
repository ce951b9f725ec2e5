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
	return &tokenSession{client: c, login: p, turn: make(chan struct{}, 1)}, nil
}

// renewBefore is how long before its end a token is renewed, as the SDKs of SMN do.
const renewBefore = 30 * time.Minute

// tokenSession keeps a token. One goroutine at a time fetches, the others wait
// for it.
type tokenSession struct {
	client *Client
	login  Password
	turn   chan struct{} // held by whoever fetches

	mu    sync.Mutex
	token iam.Token
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

// cached is the token if it is good for a while.
func (s *tokenSession) cached() (iam.Token, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token, s.token.Value != "" && s.client.now().Before(s.token.ExpiresAt.Add(-renewBefore))
}

func (s *tokenSession) current(ctx context.Context) (iam.Token, error) {
	if t, ok := s.cached(); ok {
		return t, nil
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return iam.Token{}, ctx.Err()
	}
	if t, ok := s.cached(); ok {
		return t, nil // fetched while we waited
	}
	in := iam.TokenRequest{Methods: []string{"password"}}
	in.User.Name, in.User.Password, in.User.Domain.Name = s.login.User, s.login.Password, s.login.Domain
	if s.login.Project != "" {
		in.Project = &iam.Project{Name: s.login.Project}
	}
	t, err := s.client.IssueToken(ctx, in)
	if err != nil {
		return iam.Token{}, err
	}
	s.mu.Lock()
	s.token = t
	s.mu.Unlock()
	return t, nil
}

// anonymous is a client without a credential.
type anonymous struct{}

func (anonymous) project(context.Context) (string, error) {
	return "", smn.Errorf(smn.Unauthenticated, "the client has no credential")
}

func (anonymous) authorize(context.Context, *http.Request, []byte) error {
	return smn.Errorf(smn.Unauthenticated, "the client has no credential")
}

func (anonymous) refused(*http.Request) bool { return false }
