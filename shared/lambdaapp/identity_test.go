package lambdaapp

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/iam"
	"tocsin/shared/smn"
)

// registry is an identity service that counts what it is asked.
type registry struct {
	tokens map[string]iam.Token
	asked  int
	scopes iam.Scopes
	err    error
}

func (r *registry) IssueToken(context.Context, iam.TokenRequest) (iam.Token, error) {
	return iam.Token{Value: "issued"}, nil
}

func (r *registry) InspectToken(_ context.Context, value string) (iam.Token, error) {
	r.asked++
	t, ok := r.tokens[value]
	if !ok {
		return iam.Token{}, smn.Errorf(smn.Unauthenticated, "decrypt token fail")
	}
	t.Value = value
	return t, nil
}

func (r *registry) Scopes(context.Context) (iam.Scopes, error) { return r.scopes, r.err }

const project = "0123456789abcdef0123456789abcdef"

func tokenFor(projectID string, lifetime time.Duration) iam.Token {
	return iam.Token{
		ExpiresAt: time.Now().Add(lifetime),
		User:      iam.Identity{ID: "u1", Domain: iam.Domain{ID: "d1"}},
		Project:   iam.Project{ID: projectID},
	}
}

func identityWith(t *testing.T, changes map[string]string, tokens map[string]iam.Token) (*remoteIdentity, *registry) {
	t.Helper()
	s, err := readSettings(with(changes))
	require.NoError(t, err)
	r := &registry{tokens: tokens}
	i, err := newRemoteIdentity(s, r)
	require.NoError(t, err)
	return i, r
}

func requestWith(header ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/v2/"+project+"/notifications/topics", http.NoBody)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func TestTokensAreTheRemotesAffair(t *testing.T) {
	i, asked := identityWith(t, nil, map[string]iam.Token{"good": tokenFor(project, time.Hour), "foreign": tokenFor("f"+project[1:], time.Hour)})
	caller, err := i.Authenticate(t.Context(), requestWith(headerToken, "good"), nil)
	require.NoError(t, err)
	require.Equal(t, smn.Caller{Project: project, Domain: "d1", User: "u1"}, caller)

	_, err = i.Authenticate(t.Context(), requestWith(headerToken, "good", headerProject, project), nil)
	require.NoError(t, err)
	require.Equal(t, 1, asked.asked, "the second time it is known")

	for name, c := range map[string]struct {
		code smn.Code
		r    *http.Request
	}{
		"unknown token":     {smn.Unauthenticated, requestWith(headerToken, "bad")},
		"no credentials":    {smn.Unauthenticated, requestWith()},
		"no token at all":   {smn.Unauthenticated, requestWith(headerToken, "line\nbreak")},
		"foreign project":   {smn.Forbidden, requestWith(headerToken, "foreign")},
		"X-Project-Id lies": {smn.Forbidden, requestWith(headerToken, "good", headerProject, "f"+project[1:])},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := i.Authenticate(t.Context(), c.r, nil)
			require.Equal(t, c.code, smn.CodeOf(err))
		})
	}
}

func TestSignaturesAreCheckedHere(t *testing.T) {
	i, asked := identityWith(t, map[string]string{"TOCSIN_DOMAIN": "", "TOCSIN_USER": "", "TOCSIN_PASSWORD": ""}, nil)
	sign := func(secret string) *http.Request {
		r := requestWith()
		iam.Sign(r, nil, iam.AccessKey{Access: "KEY", Secret: secret}, time.Now())
		return r
	}
	caller, err := i.Authenticate(t.Context(), sign("hidden-secret"), nil)
	require.NoError(t, err)
	require.Equal(t, project, caller.Project)
	_, err = i.Authenticate(t.Context(), sign("guess"), nil)
	require.Equal(t, smn.Unauthenticated, smn.CodeOf(err))
	require.Zero(t, asked.asked)
}

func TestAccessKeysInPlainWords(t *testing.T) {
	i, asked := identityWith(t, nil, nil)
	r := requestWith()
	r.SetBasicAuth("KEY", "hidden-secret")
	caller, err := i.AuthenticateBasic(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, project, caller.Project)
	r.SetBasicAuth("KEY", "another")
	_, err = i.AuthenticateBasic(t.Context(), r)
	require.Equal(t, smn.Unauthenticated, smn.CodeOf(err))
	require.Zero(t, asked.asked)
}

func TestSampleToken(t *testing.T) {
	local := map[string]string{"TOCSIN_SAMPLE_TOKEN": "sample-token", "AWS_SAM_LOCAL": "true"}
	i, asked := identityWith(t, local, nil)
	caller, err := i.Authenticate(t.Context(), requestWith(headerToken, "sample-token"), nil)
	require.NoError(t, err)
	require.Equal(t, project, caller.Project)
	require.Zero(t, asked.asked)

	i, _ = identityWith(t, nil, nil)
	_, err = i.Authenticate(t.Context(), requestWith(headerToken, "sample-token"), nil)
	require.Equal(t, smn.Unauthenticated, smn.CodeOf(err))
}

func TestTokensAreForgotten(t *testing.T) {
	for name, c := range map[string]struct{ lifetime, known time.Duration }{
		"so that a revocation arrives": {time.Hour, knownFor},
		"when they expire":             {time.Minute, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				i, remote := identityWith(t, nil, map[string]iam.Token{"good": tokenFor(project, c.lifetime)})
				ask := func() error {
					_, err := i.Authenticate(t.Context(), requestWith(headerToken, "good"), nil)
					return err
				}
				require.NoError(t, ask())
				delete(remote.tokens, "good")
				time.Sleep(c.known - time.Nanosecond)
				require.NoError(t, ask())
				time.Sleep(time.Nanosecond)
				require.Equal(t, smn.Unauthenticated, smn.CodeOf(ask()))
			})
		})
	}
}

func TestTokenCacheIsBounded(t *testing.T) {
	c := newTokenCache()
	for n := range maxKnown + 10 {
		c.put(fmt.Sprint(n), tokenFor(project, time.Hour))
	}
	require.Len(t, c.tokens, maxKnown)
	_, ok := c.get(fmt.Sprint(maxKnown + 9))
	require.True(t, ok, "the newest stays")
}

func TestLoginsPassThrough(t *testing.T) {
	i, _ := identityWith(t, nil, nil)
	token, err := i.IssueToken(t.Context(), iam.TokenRequest{})
	require.NoError(t, err)
	require.Equal(t, "issued", token.Value)
}

func TestScopesAreTheFunctionsOwn(t *testing.T) {
	i, remote := identityWith(t, nil, nil)
	domain, own := iam.Domain{ID: "d1", Name: "one"}, iam.Project{ID: project, Name: "local"}
	remote.scopes = iam.Scopes{Domain: domain, Projects: []iam.Project{{ID: "f" + project[1:], Name: "other"}, own}}
	scopes, err := i.Scopes(t.Context())
	require.NoError(t, err)
	require.Equal(t, iam.Scopes{Domain: domain, Projects: []iam.Project{own}}, scopes)

	remote.err = smn.Errorf(smn.Unauthenticated, "decrypt token fail")
	_, err = i.Scopes(t.Context())
	require.Equal(t, smn.Internal, smn.CodeOf(err), "it is not the caller who was refused")
	remote.err = smn.Errorf(smn.Throttled, "later")
	_, err = i.Scopes(t.Context())
	require.Equal(t, smn.Throttled, smn.CodeOf(err))
}
