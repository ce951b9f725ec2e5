package iam

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

// vector is the test vector that Huawei's Go SDK made: a request of the first
// user of config, at start.
func vector() (*http.Request, []byte) {
	body := []byte(`{"message":"hi"}`)
	r := httptest.NewRequest("POST", "/v2/"+projectB+"/notifications/topics/urn:smn:region01:"+projectB+":demo/publish", strings.NewReader(string(body)))
	r.Header.Set("User-Agent", "demo/1")
	r.Header.Set("X-Project-Id", projectB)
	r.Header.Set("X-Sdk-Date", "20240102T030405Z")
	r.Header.Set("Authorization", "SDK-HMAC-SHA256 Access=AKEXAMPLE, SignedHeaders=user-agent;x-project-id;x-sdk-date, "+
		"Signature=53b55d663de0901b2eeb81fa2e3121e13385378c50c0fe8bc308f7b83bc7ba5d")
	return r, body
}

func TestVector(t *testing.T) {
	r, body := vector()
	canonical := canonicalRequest(r, r.URL.Query(), []string{"user-agent", "x-project-id", "x-sdk-date"}, hexHash(body))
	require.Equal(t, "adbd982b8fe0bbd8477f09262028d3ac264001dc36e3c7579905e72c0b718755", hexHash(body))
	require.Equal(t, "4afe2350458003611cdd743e054201b80afee40ae4b8c12ba602503df9c0c874", hexHash(canonical))
	require.Equal(t, "53b55d663de0901b2eeb81fa2e3121e13385378c50c0fe8bc308f7b83bc7ba5d", signatureForm{algorithm: algorithm}.signature("SKEXAMPLE", "20240102T030405Z", canonical))

	a, _ := authority(t)
	caller, err := a.Authenticate(t.Context(), r, body)
	require.NoError(t, err)
	require.Equal(t, smn.Caller{Project: projectB, Domain: "d1", User: "u1"}, caller)
}

// The second vector is of another form; its canonical request is the same.
func TestVectorWithQueryAndHost(t *testing.T) {
	r := httptest.NewRequest("GET", "https://smn.example.com/v2/"+projectB+"/notifications/topics?offset=0&limit=100", nil)
	r.Header.Set("Accept", "application/json")
	r.Header.Set("X-Sdk-Date", "20240102T030405Z")
	canonical := canonicalRequest(r, r.URL.Query(), []string{"accept", "host", "x-sdk-date"}, hexHash(nil))
	require.Equal(t, "0eb443e55c0edb92f8851a199f625c1334ab2be5a9b52a93391517f9b3d2f1e3", hexHash(canonical))
}

func TestCanonicalRequest(t *testing.T) {
	r := httptest.NewRequest("get", "http://host:8080/v2/a%20b/%C3%A4:~x?z=&b=2&b=1&a&sp=a+b%2Fc&%3A=1&0=2", nil)
	r.Header["X-Many"] = []string{" one ", "two\t"}
	got := string(canonicalRequest(r, r.URL.Query(), []string{"host", "x-many", "x-none"}, "hash"))
	require.Equal(t, "GET\n/v2/a%20b/%C3%A4%3A~x/\n0=2&%3A=1&a=&b=1&b=2&sp=a%20b%2Fc&z=\nhost:host:8080\nx-many:one,two\nx-none:\n\nhost;x-many;x-none\nhash", got)

	r.URL.Path = ""
	require.Contains(t, string(canonicalRequest(r, nil, nil, "")), "GET\n/\n\n")
	r.URL.Path = "/end/"
	require.Contains(t, string(canonicalRequest(r, nil, nil, "")), "GET\n/end/\n\n")
}

// signedRequest is a request of the first user at start, as a server receives it.
func signedRequest(method, target, body string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	Sign(r, []byte(body), AccessKey{"AKEXAMPLE", "SKEXAMPLE"}, start)
	return r
}

func TestSign(t *testing.T) {
	a, _ := authority(t)
	for name, r := range map[string]*http.Request{
		"bare":                 signedRequest("GET", "/", "hi"),
		"query":                signedRequest("GET", "/v2/x/topics?offset=0&limit=100&name=a%20b+c&empty=&bare", "hi"),
		"content type":         signedRequest("POST", "/v2/x", "hi", "Content-Type", "application/json"),
		"project":              signedRequest("POST", "/v2/x", "hi", "X-Project-Id", projectB),
		"all":                  signedRequest("PUT", "/v2/%C3%A4%20b", "hi", "X-Project-Id", projectA, "Content-Type", " a/b "),
		"a stale body hash":    signedRequest("PUT", "/", "hi", "X-Sdk-Content-Sha256", "00"),
		"an earlier signature": signedRequest("PUT", "/", "hi", "Authorization", "Basic eA==", "X-Sdk-Date", "x"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := a.Authenticate(t.Context(), r, []byte("hi"))
			require.NoError(t, err)
		})
	}
	all := signedRequest("PUT", "/", "hi", "X-Project-Id", projectA, "Content-Type", "a/b")
	require.Contains(t, all.Header.Get("Authorization"), "SignedHeaders=content-type;host;x-project-id;x-sdk-date,")
}

// What Sign makes passes over a real connection, with the host in the URL alone.
func TestSignOverHTTP(t *testing.T) {
	a, _ := authority(t)
	answers := make(chan error, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := a.Authenticate(r.Context(), r, []byte{})
		answers <- err
	}))
	defer srv.Close()
	u, err := url.Parse(srv.URL + "/v2/" + projectA + "/notifications/topics/urn:smn:local:" + projectA + ":demo?name=a%20b&x")
	require.NoError(t, err)
	r := &http.Request{Method: "GET", URL: u, Header: http.Header{}}
	Sign(r, nil, AccessKey{"AKEXAMPLE", "SKEXAMPLE"}, start)
	res, err := srv.Client().Do(r)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.NoError(t, <-answers)
}

func TestSpellingOfThePathDoesNotMatter(t *testing.T) {
	a, _ := authority(t)
	const raw = "/v2/" + projectA + "/notifications/topics/urn:smn:local:" + projectA + ":demo"
	encoded := strings.ReplaceAll(raw, ":", "%3A")
	auth := signedRequest("GET", raw, "").Header.Get("Authorization")
	require.Equal(t, auth, signedRequest("GET", encoded, "").Header.Get("Authorization"))
	for _, target := range []string{raw, encoded, strings.ReplaceAll(raw, ":", "%3a"), strings.Replace(raw, "demo", "%64emo", 1)} {
		r := httptest.NewRequest("GET", target, nil)
		r.Header.Set("X-Sdk-Date", "20240102T030405Z")
		r.Header.Set("Authorization", auth)
		_, err := a.Authenticate(t.Context(), r, nil)
		require.NoError(t, err, target)
	}
}

func TestQueryWithEmptyValues(t *testing.T) {
	a, _ := authority(t)
	signed := signedRequest("GET", "/v2/x?name=&limit=5", "")
	for _, query := range []string{"name=&limit=5", "name&limit=5", "limit=5&name"} {
		r := httptest.NewRequest("GET", "/v2/x?"+query, nil)
		r.Header = signed.Header
		_, err := a.Authenticate(t.Context(), r, nil)
		require.NoError(t, err, query)
	}
}

func TestBodyHash(t *testing.T) {
	a, _ := authority(t)
	sum := sha256.Sum256([]byte("hi"))
	right := hex.EncodeToString(sum[:])
	cases := map[string]struct {
		stated string
		signed string
		hash   string // in the canonical request
		body   string // as received
		ok     bool
	}{
		"the right hash":            {right, "x-sdk-content-sha256;x-sdk-date", right, "hi", true},
		"the right hash, unsigned":  {right, "x-sdk-date", right, "hi", true},
		"the hash of another body":  {right, "x-sdk-content-sha256;x-sdk-date", right, "ho", false},
		"not signed, and says so":   {unsignedPayload, "x-sdk-content-sha256;x-sdk-date", unsignedPayload, "", true},
		"not signed, with a body":   {unsignedPayload, "x-sdk-content-sha256;x-sdk-date", unsignedPayload, "anything", false},
		"says so without signature": {unsignedPayload, "x-sdk-date", unsignedPayload, "", false},
		"nonsense":                  {"00", "x-sdk-content-sha256;x-sdk-date", "00", "hi", false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/v2/x", nil)
			r.Header.Set("X-Sdk-Date", "20240102T030405Z")
			r.Header.Set("X-Sdk-Content-Sha256", tc.stated)
			names := strings.Split(tc.signed, ";")
			r.Header.Set("Authorization", "SDK-HMAC-SHA256 Access=AKEXAMPLE, SignedHeaders="+tc.signed+
				", Signature="+signatureForm{algorithm: algorithm}.signature("SKEXAMPLE", "20240102T030405Z", canonicalRequest(r, nil, names, tc.hash)))
			_, err := a.Authenticate(t.Context(), r, []byte(tc.body))
			if tc.ok {
				require.NoError(t, err)
			} else {
				require.Equal(t, smn.Unauthenticated, smn.CodeOf(err))
			}
		})
	}
}

func TestAuthenticateRefuses(t *testing.T) {
	a, _ := authority(t)
	const prefix = "Incorrect IAM authentication information: "
	const failed = prefix + "verify aksk signature fail"
	token := issue(t, a, login()).Value
	auth := func(old, instead string) func(*http.Request) {
		return func(r *http.Request) {
			h := r.Header.Get("Authorization")
			r.Header.Set("Authorization", strings.Replace(h, old, instead, 1))
		}
	}
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	const unreadable = prefix + "the authorization header cannot be read"
	const noForm = prefix + "the authorization header has no form that is supported"
	cases := map[string]struct {
		change func(*http.Request)
		want   string
	}{
		"no credentials":       {func(r *http.Request) { r.Header.Del("Authorization") }, prefix + "x-auth-token not found"},
		"empty credentials":    {func(r *http.Request) { r.Header = http.Header{"X-Auth-Token": {""}} }, prefix + "x-auth-token not found"},
		"two signatures":       {func(r *http.Request) { r.Header.Add("Authorization", "x") }, prefix + "x-auth-token not found"},
		"a bad token wins":     {set("X-Auth-Token", "nonsense"), prefix + "decrypt token fail"},
		"a token cut short":    {set("X-Auth-Token", token[:20]), prefix + "decrypt token fail"},
		"empty header":         {set("Authorization", ""), unreadable},
		"algorithm alone":      {set("Authorization", "SDK-HMAC-SHA256"), unreadable},
		"basic":                {set("Authorization", "Basic YTpi"), unreadable},
		"bearer":               {set("Authorization", "Bearer "+token), unreadable},
		"another algorithm":    {auth("SHA256", "SHA512"), noForm},
		"another form":         {auth("Access=AKEXAMPLE", "Credential=AKEXAMPLE/20240102///sdk_request"), failed},
		"two forms":            {auth("Access=AKEXAMPLE", "Access=AKEXAMPLE, Credential=AKEXAMPLE/20240102///sdk_request"), noForm},
		"credential cut":       {auth("Access=AKEXAMPLE", "Credential=AKEXAMPLE/20240102//sdk_request"), noForm},
		"credential too long":  {auth("Access=AKEXAMPLE", "Credential=AKEXAMPLE/20240102////sdk_request"), noForm},
		"another last part":    {auth("Access=AKEXAMPLE", "Credential=AKEXAMPLE/20240102///request"), noForm},
		"credential of no day": {auth("Access=AKEXAMPLE", "Credential=AKEXAMPLE////sdk_request"), noForm},
		"credential of no key": {auth("Access=AKEXAMPLE", "Credential=/20240102///sdk_request"), noForm},
		"another day":          {auth("Access=AKEXAMPLE", "Credential=AKEXAMPLE/20240103///sdk_request"), failed + ": the credential is of another day than x-sdk-date"},
		"part of the day":      {auth("Access=AKEXAMPLE", "Credential=AKEXAMPLE/2024///sdk_request"), failed + ": the credential is of another day than x-sdk-date"},
		"V11 without scope":    {auth("SDK-HMAC", "V11-HMAC"), noForm},
		"V11 with a chain":     {auth("SDK-HMAC-SHA256 Access=AKEXAMPLE", "V11-HMAC-SHA256 Credential=AKEXAMPLE/20240102///sdk_request"), noForm},
		"no access key":        {auth("Access=AKEXAMPLE, ", ""), noForm},
		"empty access key":     {auth("=AKEXAMPLE", "="), noForm},
		"a field twice":        {auth("Access=AKEXAMPLE", "Access=AKEXAMPLE, Access=AKEXAMPLE"), unreadable},
		"a field without sign": {auth("Access=AKEXAMPLE", "Access"), unreadable},
		"header too long":      {auth("SignedHeaders=", "SignedHeaders="+strings.Repeat("a;", 4096)), unreadable},
		"unknown access key":   {auth("AKEXAMPLE", "AKNOBODY"), prefix + "Get secretKey failed,ak:AKNO***,err:ak not exist"},
		"longest access key":   {auth("AKEXAMPLE", strings.Repeat("A", 64)), prefix + "Get secretKey failed,ak:AAAA***,err:ak not exist"},
		"access key too long":  {auth("AKEXAMPLE", strings.Repeat("A", 65)), prefix + "Get secretKey failed,err:ak not exist"},
		"control in key":       {auth("AKEXAMPLE", "AK\x01\x1b[2J"), prefix + "Get secretKey failed,err:ak not exist"},
		"key not ASCII":        {auth("AKEXAMPLE", "AK\xff"), prefix + "Get secretKey failed,err:ak not exist"},
		"no signed headers":    {auth("SignedHeaders=", "Unsigned="), prefix + "x-sdk-date is not signed"},
		"date not signed":      {auth(";x-sdk-date", ""), prefix + "x-sdk-date is not signed"},
		"no date":              {func(r *http.Request) { r.Header.Del("X-Sdk-Date") }, prefix + "x-sdk-date is not of the form YYYYMMDDTHHMMSSZ"},
		"another date form":    {set("X-Sdk-Date", "2024-01-02T03:04:05Z"), prefix + "x-sdk-date is not of the form YYYYMMDDTHHMMSSZ"},
		"date moved":           {set("X-Sdk-Date", "20240102T030406Z"), failed},
		"no signature":         {auth("Signature=", "Sig="), failed},
		"signature bent":       {auth("Signature=", "Signature=0"), failed},
		"signature of upper case": {func(r *http.Request) {
			before, sig, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
			r.Header.Set("Authorization", before+"Signature="+strings.ToUpper(sig))
		}, failed},
		"another user's key":     {auth("AKEXAMPLE", "AKSECOND"), failed},
		"fewer signed headers":   {auth("host;", ""), failed},
		"method changed":         {func(r *http.Request) { r.Method = "DELETE" }, failed},
		"path changed":           {func(r *http.Request) { r.URL.Path += "x" }, failed},
		"query added":            {func(r *http.Request) { r.URL.RawQuery = "force=1" }, failed},
		"query unreadable":       {func(r *http.Request) { r.URL.RawQuery = "a=%zz" }, failed + ": the query cannot be read"},
		"query with semicolon":   {func(r *http.Request) { r.URL.RawQuery = "a;b" }, failed + ": the query cannot be read"},
		"host changed":           {func(r *http.Request) { r.Host = "evil.example" }, failed},
		"type changed":           {set("Content-Type", "text/plain"), failed},
		"type doubled":           {func(r *http.Request) { r.Header.Add("Content-Type", "text/plain") }, failed},
		"signed project changed": {set("X-Project-Id", projectB), failed},
		"body hash wrong":        {set("X-Sdk-Content-Sha256", strings.Repeat("0", 64)), failed + ": x-sdk-content-sha256 is not the hash of the body"},
		"unsigned payload":       {set("X-Sdk-Content-Sha256", unsignedPayload), failed + ": x-sdk-content-sha256 is not the hash of the body"},
	}
	good := func() *http.Request {
		return signedRequest("POST", "/v2/"+projectA+"/x", "hi", "Content-Type", "application/json", "X-Project-Id", projectA)
	}
	_, err := a.Authenticate(t.Context(), good(), []byte("hi"))
	require.NoError(t, err)
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			a, _ := authority(t) // one that has not locked the key
			r := good()
			tc.change(r)
			caller, err := a.Authenticate(t.Context(), r, []byte("hi"))
			require.EqualError(t, err, "Unauthenticated: "+tc.want)
			require.Zero(t, caller)
		})
	}
	a, clk := authority(t)
	t.Run("body changed", func(t *testing.T) {
		_, err := a.Authenticate(t.Context(), good(), []byte("hi\n"))
		require.EqualError(t, err, "Unauthenticated: "+failed)
	})
	t.Run("clocks apart", func(t *testing.T) {
		for shift, ok := range map[time.Duration]bool{
			15 * time.Minute: true, -15 * time.Minute: true, 15*time.Minute + 1: false, -15*time.Minute - 1: false,
		} {
			clk.t = start.Add(shift)
			_, err := a.Authenticate(t.Context(), good(), []byte("hi"))
			if ok {
				require.NoError(t, err, shift)
			} else {
				require.EqualError(t, err, "Unauthenticated: "+prefix+"x-sdk-date is more than 15 minutes away from the clock of the server", shift)
			}
		}
	})
	t.Run("token expired", func(t *testing.T) {
		clk.t = start.Add(TokenLifetime)
		r := good()
		r.Header.Set("X-Auth-Token", token)
		_, err := a.Authenticate(t.Context(), r, nil)
		require.EqualError(t, err, "Unauthenticated: "+prefix+"token expires, expires_at: 2024-01-03T03:04:05.000000Z")
	})
}

func TestProjectOfTheCaller(t *testing.T) {
	a, _ := authority(t)
	req := login()
	req.Project = &Project{ID: projectB}
	token := issue(t, a, req).Value
	cases := map[string]struct {
		path, header       string
		signer, tokenOwner string // project that each gets; empty for Forbidden
	}{
		"nothing said":           {"/v3/projects", "", projectA, projectB},
		"first in path":          {"/v2/" + projectA + "/x", "", projectA, projectB},
		"second in path":         {"/v2/" + projectB + "/x", "", projectB, projectB},
		"path ends there":        {"/v2/" + projectB, "", projectB, projectB},
		"foreign in path":        {"/v2/" + foreign + "/x", "", projectA, projectB},
		"placeholder in path":    {"/v2/{project_id}/x", "", projectA, projectB},
		"first in header":        {"/v2/" + projectB + "/x", projectA, projectA, ""},
		"second in header":       {"/v2/" + projectA + "/x", projectB, projectB, projectB},
		"foreign in header":      {"/v2/" + projectA + "/x", foreign, "", ""},
		"nonsense in header":     {"/v2/" + projectA + "/x", "nonsense", "", ""},
		"other version of paths": {"/v3/" + projectB + "/x", "", projectA, projectB},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			check := func(r *http.Request, want string) {
				if tc.header != "" {
					r.Header.Set("X-Project-Id", tc.header) // after signing, as one client does
				}
				caller, err := a.Authenticate(t.Context(), r, nil)
				if want == "" {
					require.Equal(t, smn.Forbidden, smn.CodeOf(err))
					require.Zero(t, caller)
					return
				}
				require.NoError(t, err)
				require.Equal(t, smn.Caller{Project: want, Domain: "d1", User: "u1"}, caller)
			}
			check(signedRequest("GET", tc.path, ""), tc.signer)
			r := httptest.NewRequest("GET", tc.path, nil)
			r.Header.Set("X-Auth-Token", token)
			check(r, tc.tokenOwner)
		})
	}
}

func TestAuthenticateAtOnce(t *testing.T) {
	a, _ := authority(t)
	token := issue(t, a, login()).Value
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 100 {
				r := signedRequest("POST", "/v2/"+projectA+"/x", "hi")
				if _, err := a.Authenticate(context.Background(), r, []byte("hi")); err != nil {
					t.Error(err)
				}
				r.Header.Set("X-Auth-Token", token)
				if _, err := a.Authenticate(context.Background(), r, nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func FuzzAuthenticate(f *testing.F) {
	r, body := vector()
	good := r.Header.Get("Authorization")
	f.Add(good)
	f.Add("SDK-HMAC-SHA256 Credential=AKEXAMPLE/20240102///sdk_request, SignedHeaders=accept;host;x-sdk-date, Signature=00")
	f.Add("SDK-HMAC-SHA256 Access=AKEXAMPLE,SignedHeaders=;;x-sdk-date,Signature=")
	f.Add("Basic YTpi")
	f.Add(" ,=,")
	f.Add("V11-HMAC-SHA256 Credential=AKEXAMPLE/20240102/r/s, SignedHeaders=x-sdk-date, Signature=00")
	f.Fuzz(func(t *testing.T, header string) {
		a, _ := authority(t) // one that has not locked the key
		r.Header.Set("Authorization", header)
		caller, err := a.Authenticate(context.Background(), r, body)
		if err == nil { // only by the one signature there is, whatever stands around it
			require.Contains(t, header, "53b55d663de0901b2eeb81fa2e3121e13385378c50c0fe8bc308f7b83bc7ba5d")
			require.Equal(t, "u1", caller.User)
			return
		}
		require.Equal(t, smn.Unauthenticated, smn.CodeOf(err))
		require.NotContains(t, err.Error(), "SKEXAMPLE")
		for _, c := range []byte(err.Error()) {
			require.True(t, c >= ' ' && c < 0x7f, "no control characters: %q", err)
		}
	})
}

func BenchmarkAuthenticate(b *testing.B) {
	a, _ := authority(b)
	r, body := vector()
	b.Run("signature", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := a.Authenticate(b.Context(), r, body); err != nil {
				b.Fatal(err)
			}
		}
	})
	t := httptest.NewRequest("POST", "/v2/"+projectA+"/x", nil)
	t.Header.Set("X-Auth-Token", issue(b, a, login()).Value)
	b.Run("token", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := a.Authenticate(b.Context(), t, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}
