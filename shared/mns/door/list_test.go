package door

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/mns"
	"tocsin/shared/smn"
)

var urls = regexp.MustCompile(`<(?:Topic|Subscription)URL>http://127\.0\.0\.1:9000(/[^<]*)</`)

// pages reads a list to its end, so many at a time, and gives the sizes of its pages.
func (h hall) pages(t *testing.T, target string, limit int, change ...func(*http.Request)) (all []string, sizes []int) {
	t.Helper()
	marker := ""
	for {
		headers := slices.Clone(change)
		if limit > 0 {
			headers = append(headers, with("X-Mns-Ret-Number", strconv.Itoa(limit)))
		}
		if marker != "" {
			headers = append(headers, with("X-Mns-Marker", marker))
		}
		a := h.do("GET", target, "", headers...)
		require.Equal(t, http.StatusOK, a.StatusCode, a.body)
		found := urls.FindAllStringSubmatch(a.body, -1)
		sizes = append(sizes, len(found))
		for _, f := range found {
			all = append(all, f[1])
		}
		if marker = a.element("NextMarker"); marker == "" {
			require.NotContains(t, a.body, "NextMarker", "an empty one breaks the SDK for Python")
			return all, sizes
		}
	}
}

func TestListTopics(t *testing.T) {
	h := open(t)
	a := h.do("GET", "/topics", "")
	require.Equal(t, http.StatusOK, a.StatusCode)
	require.Contains(t, a.body, `<Topics xmlns="http://mns.aliyuncs.com/doc/v1/"></Topics>`)
	var made []string
	for n := range 250 {
		name := fmt.Sprintf("a-%03d", n)
		if n%2 == 1 {
			name = fmt.Sprintf("b-%03d", n)
		}
		_, err := h.broker.CreateTopic(owner(t), smn.CreateTopicInput{Name: name})
		require.NoError(t, err)
		made = append([]string{"/topics/" + name}, made...)
	}
	for limit, want := range map[int][]int{
		0: {250}, 1000: {250}, 251: {250}, 250: {250}, 249: {249, 1}, 125: {125, 125}, 101: {101, 101, 48}, 100: {100, 100, 50},
	} {
		all, sizes := h.pages(t, "/topics", limit)
		require.Equal(t, made, all, "newest first, %d at a time", limit)
		require.Equal(t, want, sizes)
	}
	all, _ := h.pages(t, "/topics", 60, with("X-Mns-Prefix", "b-"))
	require.Len(t, all, 125)
	require.NotContains(t, all, "/topics/a-000")
	all, _ = h.pages(t, "/topics", 0, with("X-Mns-Prefix", "B-"))
	require.Empty(t, all, "case counts")
	all, _ = h.pages(t, "/topics", 0, signBy(otherID))
	require.Empty(t, all, "those of another account")

	a = h.do("GET", "/topics", "", with("X-Mns-Ret-Number", "1"), with("X-Mns-With-Meta", "true"))
	require.Equal(t, "http://"+host+"/topics/b-249", a.element("TopicURL"))
	require.Equal(t, []string{"b-249", "86400"}, []string{a.element("TopicName"), a.element("MessageRetentionPeriod")})
	a = h.do("GET", "/topics", "", with("X-Mns-Ret-Number", "1"), with("X-Mns-With-Meta", "false"))
	require.NotContains(t, a.body, "TopicName")
}

func TestListSubscriptions(t *testing.T) {
	h := open(t)
	h.createTopic(t, "t")
	var made []string
	for n := range 1100 {
		name := fmt.Sprintf("a-%04d", n)
		if n == 1050 {
			name = "b"
		}
		_, _, err := h.broker.SubscribeNamed(owner(t), smn.SubscribeNamedInput{
			TopicURN: "urn:smn:test:" + project + ":t", Name: name,
			NewSubscription: smn.NewSubscription{Protocol: smn.HTTP, Endpoint: "http://127.0.0.1"},
			Style:           smn.Style{Form: mns.FormXML, Strategy: mns.BackoffRetry},
		})
		require.NoError(t, err)
		made = append(made, "/topics/t/subscriptions/"+name)
	}
	for limit, want := range map[int][]int{0: {1000, 100}, 1000: {1000, 100}, 999: {999, 101}, 550: {550, 550}, 100: slices.Repeat([]int{100}, 11)} {
		all, sizes := h.pages(t, "/topics/t/subscriptions", limit)
		require.Equal(t, made, all, "%d at a time", limit)
		require.Equal(t, want, sizes)
	}
	all, sizes := h.pages(t, "/topics/t/subscriptions", 10, with("X-Mns-Prefix", "b"))
	require.Equal(t, []string{"/topics/t/subscriptions/b"}, all)
	require.Equal(t, []int{0, 1}, sizes, "no call looks at more than a thousand")
	all, sizes = h.pages(t, "/topics/t/subscriptions", 2, with("X-Mns-Prefix", "a-000"))
	require.Equal(t, made[:10], all)
	require.Equal(t, []int{2, 2, 2, 2, 2, 0}, sizes[:6])
}

func TestListsRefuse(t *testing.T) {
	h := open(t)
	h.createTopic(t, "t")
	for _, target := range []string{"/topics", "/topics/t/subscriptions"} {
		for name, values := range map[string][]string{
			"X-Mns-Ret-Number": {"0", "1001", "-1", "+1", "many", "1.0", "99999999999999999999"},
			"X-Mns-Marker":     {"x", "urn:smn:test:" + project + ":t", "0123456789ABCDEF0123456789ABCDEF"},
			"X-Mns-Prefix":     {strings.Repeat("a", 256), "\xff", "a\nb", "%", "-a"},
		} {
			for _, value := range values {
				requireError(t, h.do("GET", target, "", with(name, value)), 400, mns.InvalidArgument)
			}
		}
	}
}
