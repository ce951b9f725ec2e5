package door

import (
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/mns"
	"tocsin/shared/smn"
)

// FuzzAuthorization: any header opens nothing but with the one right signature, and is
// never our own fault.
func FuzzAuthorization(f *testing.F) {
	h := open(f)
	for _, seed := range []string{
		"MNS testid:9URUratsA0VMoYylGp1d3K24Gjw=", "MNS testid:", "MNS :", "MNS", "", "MNS a:b:c", "MNS4-HMAC-SHA256 Credential=a/b", "\xff", "MNS testid: x", "MNS " + strings.Repeat("a", 1000),
	} {
		f.Add(seed, now.Format(http.TimeFormat), mns.Version)
	}
	f.Add("MNS testid:x", "Sun, 22 Nov 2026 00:38:55", "2015-06-07")
	f.Fuzz(func(t *testing.T, authorization, date, version string) {
		r := httptest.NewRequest(http.MethodGet, "/topics", nil)
		r.Host = host
		for name, value := range map[string]string{"Authorization": authorization, "Date": date, "X-Mns-Version": version} {
			r.Header[name] = []string{value}
		}
		a := h.send(r)
		right := "MNS testid:" + mns.Sign(testSecret, mns.StringToSign("GET", mns.Fields(r.Header), "/topics"))
		if authorization == right && a.StatusCode == http.StatusOK {
			return
		}
		code := mns.Code(a.element("Code"))
		require.Contains(t, ofAuthentication, code, a.body)
		requireError(t, a, ofAuthentication[code], code)
	})
}

// ofAuthentication are the codes that these three headers can be answered with, and
// their statuses.
var ofAuthentication = map[mns.Code]int{
	mns.MissingAuthorizationHeader: 400,
	mns.MissingVersionHeader:       400,
	mns.InvalidAuthorizationHeader: 400,
	mns.InvalidDateHeader:          400,
	mns.InvalidVersionHeader:       400,
	mns.InvalidAccessKeyID:         403,
	mns.TimeExpired:                408,
	mns.SignatureDoesNotMatch:      403,
	mns.AccessDenied:               403, // the key is locked
}

// FuzzList: any headers of a list are answered or refused, and what is answered can be
// read by programs that know no empty element.
func FuzzList(f *testing.F) {
	h := open(f)
	for _, seed := range [][3]string{{"", "", ""}, {"a", "0123456789abcdef0123456789abcdef", "1"}, {"%", "x", "1001"}, {"\xff", "\x00", "-1"}, {"_", "urn:smn:a:b:c", "1e3"}} {
		f.Add(seed[0], seed[1], seed[2], "true")
	}
	for _, name := range []string{"a", "a-b", "b"} {
		a := h.do("PUT", "/topics/"+name, emptyTopic)
		require.Equal(f, http.StatusCreated, a.StatusCode)
	}
	require.Equal(f, http.StatusCreated, h.do("PUT", "/topics/a/subscriptions/s", subscription(endpoint)).StatusCode)
	f.Fuzz(func(t *testing.T, prefix, marker, number, withMeta string) {
		for _, target := range []string{"/topics", "/topics/a/subscriptions"} {
			r := request("GET", target, "", func(r *http.Request) {
				for name, value := range map[string]string{"X-Mns-Prefix": prefix, "X-Mns-Marker": marker, "X-Mns-Ret-Number": number, "X-Mns-With-Meta": withMeta} {
					if value != "" {
						r.Header[name] = []string{value}
					}
				}
			})
			a := h.send(r)
			if a.StatusCode != http.StatusOK {
				requireError(t, a, 400, mns.InvalidArgument)
				continue
			}
			require.True(t, marker == "" || smn.IsID(marker))
			if number != "" {
				n, err := strconv.Atoi(number)
				require.NoError(t, err)
				require.LessOrEqual(t, strings.Count(a.body, "URL>")/2, n)
			}
			require.NoError(t, xml.Unmarshal([]byte(a.body), new(struct{})))
			require.NotContains(t, a.body, "<NextMarker></NextMarker>")
		}
	})
}
