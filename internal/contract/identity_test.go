package contract

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/client"
	"tocsin/shared/iam"
	"tocsin/shared/smn"
)

const (
	north   = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	south   = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	outside = "cccccccccccccccccccccccccccccccc"
)

// identity gives an installation with two domains: acme, with two users, one of
// them with a device, and partner, whose users may assume acme's agency.
func identity(t *testing.T) (installation, visitor) {
	t.Helper()
	acme, partner := iam.Domain{ID: "acme-id", Name: "acme"}, iam.Domain{ID: "partner-id", Name: "partner"}
	both := []iam.Project{{ID: north, Name: "north"}, {ID: south, Name: "south"}}
	authority, err := iam.New(iam.Config{
		TokenKey: make([]byte, 32),
		Users: []iam.User{
			{ID: "alice-id", Name: "alice", Domain: acme, Password: "alices", Projects: both, Keys: []iam.AccessKey{{Access: "AKALICE", Secret: "SKALICE"}}},
			{ID: "dora-id", Name: "dora", Domain: acme, Password: "doras", TOTP: []byte("12345678901234567890"), Projects: both},
			{ID: "paul-id", Name: "paul", Domain: partner, Password: "pauls", Projects: []iam.Project{{ID: outside, Name: "north"}}, Keys: []iam.AccessKey{{Access: "AKPAUL", Secret: "SKPAUL"}}},
		},
		Agencies: []iam.Agency{{Name: "support", Domain: acme, Trusts: partner, Projects: both[1:]}},
		Now:      func() time.Time { return time.Unix(59, 0) }, // the passcode is that of RFC 6238
	})
	require.NoError(t, err)
	in := install(t)
	in.api.Identity = authority
	return in, visitor{url: in.server(t).URL}
}

// login asks for a token and gives it with the answer.
func (v visitor) login(t *testing.T, identity, scope string) (answer, string) {
	t.Helper()
	body := `{"auth":{"identity":` + identity
	if scope != "" {
		body += `,"scope":` + scope
	}
	a := v.send(t, "POST", "/v3/auth/tokens", body+`,"unknown":{"a":[1]}}}`)
	return a, a.header.Get("X-Subject-Token")
}

// passwordOf is the identity of a user by its password.
func passwordOf(user string) string {
	return `{"methods":["password"],"password":{"user":` + user + `}}`
}

const (
	alice      = `{"name":"alice","password":"alices","domain":{"name":"acme"}}`
	paul       = `{"name":"paul","password":"pauls","domain":{"name":"partner"}}`
	dora       = `"password":{"user":{"name":"dora","password":"doras","domain":{"name":"acme"}}}`
	asSupport  = `{"methods":["assume_role"],"assume_role":{"domain_name":"acme","xrole_name":"support"}}`
	atSupport  = `{"methods":["assume_role"],"assume_role":{"domain_name":"acme","agency_name":"support","duration_seconds":900}}`
	domainOnly = `{"domain":{"name":"acme"}}`
)

// TestLoginForms logs in with each body that clients send.
func TestLoginForms(t *testing.T) {
	_, v := identity(t)
	_, token := v.login(t, passwordOf(alice), "")
	_, guest := v.login(t, passwordOf(paul), "")
	for name, c := range map[string]struct {
		identity, scope string
		by              string // X-Auth-Token
		user, project   string // what the token is for; no project: the domain
	}{
		"by name, no scope":               {passwordOf(alice), "", "", "alice-id", north},
		"empty scope":                     {passwordOf(alice), `{}`, "", "alice-id", north},
		"null scope":                      {passwordOf(alice), `null`, "", "alice-id", north},
		"by name and id of the domain":    {passwordOf(`{"name":"alice","password":"alices","domain":{"id":"acme-id"}}`), "", "", "alice-id", north},
		"by id":                           {passwordOf(`{"id":"alice-id","password":"alices"}`), "", "", "alice-id", north},
		"project without domain":          {passwordOf(alice), `{"project":{"name":"south"}}`, "", "alice-id", south},
		"project by id":                   {passwordOf(alice), `{"project":{"id":"` + south + `"}}`, "", "alice-id", south},
		"project and name of the domain":  {passwordOf(alice), `{"project":{"name":"south","domain":{"name":"acme"}}}`, "", "alice-id", south},
		"project and id of the domain":    {passwordOf(alice), `{"project":{"name":"south","domain":{"id":"acme-id"}}}`, "", "alice-id", south},
		"domain by name":                  {passwordOf(alice), domainOnly, "", "alice-id", ""},
		"domain by id":                    {passwordOf(alice), `{"domain":{"id":"acme-id"}}`, "", "alice-id", ""},
		"another token":                   {`{"methods":["token"],"token":{"id":"` + token + `"}}`, `{"project":{"name":"south"}}`, "", "alice-id", south},
		"another token, to the domain":    {`{"methods":["token"],"token":{"id":"` + token + `"}}`, domainOnly, "", "alice-id", ""},
		"an agency, as GTC asks":          {asSupport, `{"project":{"name":"south","domain":{"name":"acme"}}}`, guest, "", south},
		"an agency, as the documents say": {atSupport, "", guest, "", south},
		"an agency for its domain":        {atSupport, domainOnly, guest, "", ""},
		"a stale token beside a password": {passwordOf(alice), "", "stale", "alice-id", north},
		"a device":                        {`{"methods":["password","totp"],` + dora + `,"totp":{"user":{"id":"dora-id","passcode":"287082"}}}`, "", "", "dora-id", north},
	} {
		t.Run(name, func(t *testing.T) {
			a, issued := visitor{url: v.url, token: c.by}.login(t, c.identity, c.scope)
			require.Equal(t, http.StatusCreated, a.status, a.body)
			body := a.json(t)["token"].(map[string]any)
			user := body["user"].(map[string]any)
			if c.user != "" {
				require.Equal(t, c.user, user["id"])
				require.NotContains(t, body, "assumed_by")
			} else {
				require.Equal(t, "acme/support", user["name"])
				require.Equal(t, "paul-id", body["assumed_by"].(map[string]any)["user"].(map[string]any)["id"])
			}
			domain := map[string]any{"id": "acme-id", "name": "acme"}
			require.Equal(t, domain, user["domain"])
			if c.project != "" {
				project := body["project"].(map[string]any)
				require.Equal(t, c.project, project["id"])
				require.Equal(t, domain, project["domain"])
				require.NotContains(t, body, "domain")
				require.Contains(t, a.body, `"url":"http://tocsin.test/v2/`+c.project+`"`)
				require.Len(t, body["catalog"], 3)
			} else {
				require.NotContains(t, body, "project")
				require.Equal(t, domain, body["domain"])
				require.Len(t, body["catalog"], 2)
				a := visitor{url: v.url, token: issued}.send(t, "GET", "/v2/"+north+"/notifications/topics", "")
				require.Equal(t, http.StatusForbidden, a.status, "a token for the domain opens no project")
				require.Equal(t, "SMN.0001", a.json(t)["code"])
			}
			for _, project := range []string{north, south, outside} {
				want := http.StatusForbidden
				if project == c.project {
					want = http.StatusOK
				}
				require.Equal(t, want, visitor{url: v.url, token: issued}.send(t, "GET", "/v2/"+project+"/notifications/topics", "").status)
			}
		})
	}
}

// TestLoginsThatAreRefused sees a clear answer in the shape of Keystone to each.
func TestLoginsThatAreRefused(t *testing.T) {
	_, v := identity(t)
	_, token := v.login(t, passwordOf(alice), "")
	_, guest := v.login(t, passwordOf(paul), "")
	for name, c := range map[string]struct {
		identity, scope, by string
		status              int
	}{
		"no passcode with a device":   {`{"methods":["password"],` + dora + `}`, "", "", 401},
		"a passcode without a device": {`{"methods":["password","totp"],"password":{"user":` + alice + `},"totp":{"user":{"passcode":"287082"}}}`, "", "", 401},
		"a wrong passcode":            {`{"methods":["password","totp"],` + dora + `,"totp":{"user":{"passcode":"000000"}}}`, "", "", 401},
		"a passcode alone":            {`{"methods":["totp"],"totp":{"user":{"id":"dora-id","passcode":"287082"}}}`, "", "", 400},
		"a passcode as a number":      {`{"methods":["password","totp"],` + dora + `,"totp":{"user":{"passcode":287082}}}`, "", "", 400},
		"no passcode at all":          {`{"methods":["password","totp"],` + dora + `}`, "", "", 400},
		"unknown method":              {`{"methods":["oauth1"]}`, "", "", 400},
		"no methods":                  {`{"methods":[]}`, "", "", 400},
		"methods null":                {`{"methods":[null]}`, "", "", 400},
		"methods twice":               {`{"methods":["password","password"],"password":{"user":` + alice + `}}`, "", "", 400},
		"identity is a list":          {`[]`, "", "", 400},
		"user is null":                {`{"methods":["password"],"password":{"user":null}}`, "", "", 400},
		"password missing":            {`{"methods":["password"]}`, "", "", 400},
		"token missing":               {`{"methods":["token"]}`, "", "", 400},
		"token forged":                {`{"methods":["token"],"token":{"id":"x"}}`, "", "", 401},
		"scope is a text":             {passwordOf(alice), `"unscoped"`, "", 400},
		"scope of both":               {passwordOf(alice), `{"project":{"name":"south"},"domain":{"name":"acme"}}`, "", 400},
		"project without a name":      {passwordOf(alice), `{"project":{}}`, "", 400},
		"domain without a name":       {passwordOf(alice), `{"domain":{}}`, "", 400},
		"project of another domain":   {passwordOf(alice), `{"project":{"id":"` + outside + `"}}`, "", 401},
		"domain of another":           {passwordOf(alice), `{"domain":{"name":"partner"}}`, "", 401},
		"agency without token":        {asSupport, "", "", 401},
		"agency with a bad token":     {asSupport, "", "x", 401},
		"agency of who is no friend":  {asSupport, "", token, 403},
		"agency that is not":          {strings.Replace(asSupport, "support", "other", 1), "", guest, 403},
		"agency with two names":       {strings.Replace(asSupport, `"xrole_name"`, `"agency_name":"other","xrole_name"`, 1), "", guest, 400},
		"agency without a name":       {`{"methods":["assume_role"],"assume_role":{"domain_name":"acme"}}`, "", guest, 400},
		"agency, to the user's own":   {asSupport, `{"project":{"id":"` + outside + `"}}`, guest, 401},
	} {
		t.Run(name, func(t *testing.T) {
			a, issued := visitor{url: v.url, token: c.by}.login(t, c.identity, c.scope)
			require.Equal(t, c.status, a.status, a.body)
			require.Empty(t, issued)
			e := a.json(t)["error"].(map[string]any)
			require.InDelta(t, c.status, e["code"], 0)
			require.Equal(t, http.StatusText(c.status), e["title"])
			require.NotEmpty(t, e["message"])
			require.NotContains(t, a.body, "alices")
		})
	}
}

// signed sends a request with a signature at the moment of identity.
func (v visitor) signed(t *testing.T, key iam.AccessKey, method, path, body string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, v.url+path, strings.NewReader(body))
	require.NoError(t, err)
	iam.Sign(r, []byte(body), key, time.Unix(59, 0))
	resp, err := held(http.DefaultTransport).RoundTrip(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return answer{status: resp.StatusCode, header: resp.Header, body: string(text)}
}

// TestAgencyBySignature: who signs needs no token to assume an agency.
func TestAgencyBySignature(t *testing.T) {
	_, v := identity(t)
	body := `{"auth":{"identity":` + asSupport + `}}`
	a := v.signed(t, iam.AccessKey{Access: "AKPAUL", Secret: "SKPAUL"}, "POST", "/v3/auth/tokens", body)
	require.Equal(t, http.StatusCreated, a.status, a.body)
	require.Equal(t, http.StatusForbidden, v.signed(t, iam.AccessKey{Access: "AKALICE", Secret: "SKALICE"}, "POST", "/v3/auth/tokens", body).status)
	require.Equal(t, http.StatusUnauthorized, v.signed(t, iam.AccessKey{Access: "AKPAUL", Secret: "x"}, "POST", "/v3/auth/tokens", body).status)
}

// TestWhatIsOpen lists projects, domain and catalog for each kind of caller.
func TestWhatIsOpen(t *testing.T) {
	_, v := identity(t)
	_, scoped := v.login(t, passwordOf(alice), `{"project":{"name":"south"}}`)
	_, ofDomain := v.login(t, passwordOf(alice), domainOnly)
	_, guest := v.login(t, passwordOf(paul), "")
	_, support := visitor{url: v.url, token: guest}.login(t, asSupport, "")
	byToken := func(token string) func(t *testing.T, path string) answer {
		return func(t *testing.T, path string) answer {
			return visitor{url: v.url, token: token}.send(t, "GET", path, "")
		}
	}
	for name, c := range map[string]struct {
		get      func(t *testing.T, path string) answer
		projects []string
		domain   string
		catalog  string // project in it
	}{
		"token of a project": {byToken(scoped), []string{north, south}, "acme", south},
		"token of a domain":  {byToken(ofDomain), []string{north, south}, "acme", ""},
		"token of an agency": {byToken(support), []string{south}, "acme", south},
		"another domain":     {byToken(guest), []string{outside}, "partner", outside},
		"signature": {func(t *testing.T, path string) answer {
			return v.signed(t, iam.AccessKey{Access: "AKALICE", Secret: "SKALICE"}, "GET", path, "")
		}, []string{north, south}, "acme", north},
	} {
		t.Run(name, func(t *testing.T) {
			ids := func(path string) []string {
				a := c.get(t, path)
				require.Equal(t, http.StatusOK, a.status, a.body)
				all := []string{}
				for _, p := range a.json(t)["projects"].([]any) {
					p := p.(map[string]any)
					require.Equal(t, c.domain+"-id", p["domain_id"])
					require.Equal(t, c.domain+"-id", p["parent_id"])
					require.Equal(t, true, p["enabled"])
					require.Equal(t, false, p["is_domain"])
					require.Equal(t, map[string]any{"self": "http://tocsin.test/v3/projects/" + p["id"].(string)}, p["links"])
					all = append(all, p["id"].(string))
				}
				return all
			}
			for _, path := range []string{"/v3/projects", "/v3/auth/projects", "/v3/projects?enabled=true&is_domain=false&page=1&per_page=10&domain_id=" + c.domain + "-id"} {
				require.Equal(t, c.projects, ids(path), path)
			}
			last := c.projects[len(c.projects)-1]
			name := map[string]string{south: "south", outside: "north"}[last]
			require.Equal(t, []string{last}, ids("/v3/projects?name="+name), "an SDK wants exactly one")
			for _, none := range []string{"name=nowhere", "domain_id=other", "enabled=false", "is_domain=true", "parent_id=x"} {
				require.Empty(t, ids("/v3/projects?"+none), none)
			}

			a := c.get(t, "/v3/auth/domains")
			require.Equal(t, http.StatusOK, a.status, a.body)
			require.JSONEq(t, `{"domains":[{"id":"`+c.domain+`-id","name":"`+c.domain+`","enabled":true,"description":"","links":{"self":"http://tocsin.test/v3/domains/`+c.domain+`-id"}}],
				"links":{"self":"http://tocsin.test/v3/auth/domains","previous":null,"next":null}}`, a.body)
			require.Equal(t, a.body, c.get(t, "/v3/auth/domains?name="+c.domain).body)
			require.Contains(t, c.get(t, "/v3/auth/domains?name=other").body, `"domains":[]`)

			a = c.get(t, "/v3/auth/catalog")
			require.Equal(t, http.StatusOK, a.status, a.body)
			if c.catalog == "" {
				require.NotContains(t, a.body, "smnv2")
			} else {
				require.Contains(t, a.body, `"url":"http://tocsin.test/v2/`+c.catalog+`"`)
			}
		})
	}
	for _, path := range []string{"/v3/projects", "/v3/auth/projects", "/v3/auth/domains", "/v3/auth/catalog"} {
		a := v.send(t, "GET", path, "")
		require.Equal(t, http.StatusUnauthorized, a.status, path)
		require.Contains(t, a.body, `"error":{"code":401`)
	}
	require.Equal(t, http.StatusBadRequest, byToken(scoped)(t, "/v3/projects?name=%zz").status)
	require.Equal(t, http.StatusBadRequest, byToken(scoped)(t, "/v3/auth/domains?name=%ff").status)

	a := v.send(t, "GET", "/v3", "")
	require.Equal(t, http.StatusOK, a.status)
	require.Contains(t, a.body, `{"version":{"id":"v3.6","status":"stable"`)
	require.Contains(t, a.body, `{"rel":"self","href":"http://tocsin.test/v3/"}`)
}

// TestIdentityThroughTheClient: the client library asks in words that the service
// understands, and reads its answers whole.
func TestIdentityThroughTheClient(t *testing.T) {
	in, v := identity(t)
	c, err := client.New(client.Config{
		Endpoint: v.url, Credential: client.Password{Domain: "acme", User: "alice", Password: "alices", Project: "south"},
		Now: func() time.Time { return time.Unix(59, 0) },
	})
	require.NoError(t, err)
	scopes, err := c.Scopes(t.Context())
	require.NoError(t, err)
	require.Equal(t, iam.Scopes{
		Domain: iam.Domain{ID: "acme-id", Name: "acme"}, Projects: []iam.Project{{ID: north, Name: "north"}, {ID: south, Name: "south"}},
	}, scopes)

	guest, err := c.IssueToken(t.Context(), iam.TokenRequest{Methods: []string{"password"}, User: iam.Login{ID: "paul-id", Password: "pauls"}})
	require.NoError(t, err)
	support := iam.Assumption{Agency: "support", Domain: iam.Domain{Name: "acme"}}
	for name, req := range map[string]iam.TokenRequest{
		"domain": {Methods: []string{"password"}, User: iam.Login{ID: "alice-id", Password: "alices"}, Domain: iam.Domain{Name: "acme"}},
		"agency": {Methods: []string{"assume_role"}, TokenID: guest.Value, Assume: support, Project: &iam.Project{Name: "south"}},
		"device": {Methods: []string{"password", "totp"}, User: iam.Login{ID: "dora-id", Password: "doras"}, Passcode: iam.Passcode{Name: "dora", Domain: iam.Domain{ID: "acme-id"}, Code: "287082"}},
	} {
		token, err := c.IssueToken(t.Context(), req)
		require.NoError(t, err, name)
		want, err := in.api.Identity.InspectToken(t.Context(), token.Value)
		require.NoError(t, err, name)
		require.Equal(t, want, token, name)
		seen, err := c.InspectToken(t.Context(), token.Value)
		require.NoError(t, err, name)
		require.Equal(t, want, seen, name)
	}
	_, err = c.IssueToken(t.Context(), iam.TokenRequest{Methods: []string{"assume_role"}, Assume: support})
	require.Equal(t, smn.Forbidden, smn.CodeOf(err))
	for _, value := range []string{"", "line\nbreak", "ü"} {
		_, err = c.InspectToken(t.Context(), value)
		require.Equal(t, smn.Unauthenticated, smn.CodeOf(err))
	}
	_, err = c.IssueToken(t.Context(), iam.TokenRequest{Methods: []string{"assume_role"}, Assume: support, TokenID: "line\nbreak"})
	require.Equal(t, smn.Unauthenticated, smn.CodeOf(err))
}
