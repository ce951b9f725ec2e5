package iam

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

// The vectors were made by the signers of SDKs: the second form by that of Open
// Telekom Cloud for Go (0.9.3), the third by that of Huawei Cloud (0.1.207).
func TestVectorsOfOtherForms(t *testing.T) {
	const list = "GET https://smn.example.com/v2/" + projectB + "/notifications/topics?offset=0&limit=100"
	const publish = "POST https://smn.example.com/v2/" + projectB + "/notifications/topics/urn:smn:region01:" + projectB + ":demo/publish?b=x%20y"
	for name, c := range map[string]struct {
		request, body, authorization string
		header                       []string
	}{
		"chain without region": {
			list, "",
			"SDK-HMAC-SHA256 Credential=AKEXAMPLE/20240102///sdk_request, SignedHeaders=accept;host;x-sdk-date, Signature=6386e597b49e62a2e1785c442f8b5f5e62cea8b16ee6c9d1700f714b8708ac6b",
			[]string{"Accept", "application/json"},
		},
		"chain": {
			list, "",
			"SDK-HMAC-SHA256 Credential=AKEXAMPLE/20240102/region01/smn/sdk_request, SignedHeaders=accept;host;x-sdk-date, Signature=c3884140be62cc1415d9726d7a006a937d95dd73947a16dce886cbcd9d9fcd6e",
			[]string{"Accept", "application/json", "X-Project-Id", projectB, "X-Domain-Id", "d1"}, // both added after signing
		},
		"HKDF": {
			publish, "{\"message\":\"hi\"}\n",
			"V11-HMAC-SHA256 Credential=AKEXAMPLE/20240102/region01/smn, SignedHeaders=user-agent;x-project-id;x-sdk-date;x-security-token, Signature=6008e74f0a0aeaca0f78e455b7750cf974ecf881069ca0be5be6bd78ef96e39a",
			[]string{"User-Agent", "demo/1", "X-Project-Id", projectB, "X-Security-Token", "sts", "Content-Type", "application/json"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			method, url, _ := strings.Cut(c.request, " ")
			build := func() *http.Request {
				r := httptest.NewRequest(method, url, nil)
				for i := 0; i < len(c.header); i += 2 {
					r.Header.Set(c.header[i], c.header[i+1])
				}
				r.Header.Set("X-Sdk-Date", "20240102T030405Z")
				r.Header.Set("Authorization", c.authorization)
				return r
			}
			a, _ := authority(t)
			caller, err := a.Authenticate(t.Context(), build(), []byte(c.body))
			require.NoError(t, err)
			require.Equal(t, smn.Caller{Project: projectB, Domain: "d1", User: "u1"}, caller)

			for change, bend := range map[string]func(*http.Request){
				"region":    func(r *http.Request) { swap(r, "/20240102/", "/20240102/x") },
				"key":       func(r *http.Request) { swap(r, "AKEXAMPLE", "AKSECOND") },
				"path":      func(r *http.Request) { r.URL.Path += "x" },
				"algorithm": func(r *http.Request) { swap(r, "SDK-", "V11-"); swap(r, "/sdk_request", "") },
				"signature": func(r *http.Request) { swap(r, "Signature=", "Signature=0") },
			} {
				r := build()
				bend(r)
				if r.Header.Get("Authorization") == c.authorization && change != "path" {
					continue // the change does not touch this form
				}
				_, err := a.Authenticate(t.Context(), r, []byte(c.body))
				require.EqualError(t, err, "Unauthenticated: Incorrect IAM authentication information: verify aksk signature fail", change)
			}
			_, err = a.Authenticate(t.Context(), build(), []byte(c.body+" "))
			require.Equal(t, smn.Unauthenticated, smn.CodeOf(err))
		})
	}
}

// swap changes the Authorization header.
func swap(r *http.Request, old, instead string) {
	r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, instead, 1))
}
