package lambdaapp

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"net/http"
	"slices"

	"tocsin/shared/httpapi"
	"tocsin/shared/iam"
	"tocsin/shared/smn"
)

const (
	headerToken   = "X-Auth-Token"
	headerProject = "X-Project-Id"
)

// tokenService issues tokens and says what they prove. *client.Client does.
type tokenService interface {
	IssueToken(ctx context.Context, in iam.TokenRequest) (iam.Token, error)
	InspectToken(ctx context.Context, value string) (iam.Token, error)
	Scopes(ctx context.Context) (iam.Scopes, error) // of the function's own credential
}

// remoteIdentity judges callers in front of a remote service. Signatures are
// checked here, against the keys that this function itself uses; tokens are those
// of the remote's identity service, which is asked about them. Everyone acts with
// the credential of the function, so only its own project is open.
type remoteIdentity struct {
	tokenService
	keys    *iam.Authority // knows the keys and the sample token, issues nothing
	known   *tokenCache
	project string
	sample  string // see iam.Config.StaticToken; empty but in local runs
}

var _ httpapi.Identity = (*remoteIdentity)(nil)

func newRemoteIdentity(s settings, remote tokenService) (*remoteIdentity, error) {
	key := make([]byte, 32)
	rand.Read(key) // never fails: see crypto/rand.Read
	keys, err := iam.New(iam.Config{Users: []iam.User{s.oneUser()}, TokenKey: key, StaticToken: s.sampleToken})
	if err != nil {
		return nil, fmt.Errorf("credentials: %w", err)
	}
	return &remoteIdentity{
		tokenService: remote, keys: keys, known: newTokenCache(),
		project: s.projectID, sample: s.sampleToken,
	}, nil
}

// Authenticate implements httpapi.Identity.
func (i *remoteIdentity) Authenticate(ctx context.Context, r *http.Request, body []byte) (smn.Caller, error) {
	authenticate := i.byToken
	if token := r.Header.Get(headerToken); token == "" || i.isSample(token) {
		authenticate = i.keys.Authenticate
	}
	caller, err := authenticate(ctx, r, body)
	return i.served(caller, err)
}

// AuthenticateBasic implements httpapi.Identity.
func (i *remoteIdentity) AuthenticateBasic(ctx context.Context, r *http.Request) (smn.Caller, error) {
	caller, err := i.keys.AuthenticateBasic(ctx, r)
	return i.served(caller, err)
}

// served refuses callers of other projects.
func (i *remoteIdentity) served(caller smn.Caller, err error) (smn.Caller, error) {
	if err == nil && caller.Project != i.project {
		err = smn.Errorf(smn.Forbidden, "the credentials are for another project than the one that is served here")
	}
	return caller, err
}

// Scopes implements httpapi.Identity: of what is open to the function, its own
// project. Another one is open to no caller here.
func (i *remoteIdentity) Scopes(ctx context.Context) (iam.Scopes, error) {
	scopes, err := i.tokenService.Scopes(ctx)
	if smn.CodeOf(err) == smn.Unauthenticated {
		err = smn.Errorf(smn.Internal, "the identity service refuses our own credential: %w", err)
	}
	if err != nil {
		return iam.Scopes{}, err
	}
	scopes.Projects = slices.DeleteFunc(scopes.Projects, func(p iam.Project) bool { return p.ID != i.project })
	return scopes, nil
}

// byToken asks the remote who holds the token, unless it has just said so.
func (i *remoteIdentity) byToken(ctx context.Context, r *http.Request, _ []byte) (smn.Caller, error) {
	value := r.Header.Get(headerToken)
	token, ok := i.known.get(value)
	if !ok {
		var err error
		if token, err = i.InspectToken(ctx, value); err != nil {
			return smn.Caller{}, err
		}
		i.known.put(value, token)
	}
	if named := r.Header.Get(headerProject); named != "" && named != token.Project.ID {
		return smn.Caller{}, smn.Errorf(smn.Forbidden, "the credentials do not open the project of the X-Project-Id header")
	}
	return smn.Caller{Project: token.Project.ID, Domain: token.User.Domain.ID, User: token.User.ID}, nil
}

func (i *remoteIdentity) isSample(token string) bool {
	return i.sample != "" && subtle.ConstantTimeCompare([]byte(token), []byte(i.sample)) == 1
}
