package post

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzRequest: whatever endpoint, query and header are, what is written is
// refused, or is one request with just these lines.
func FuzzRequest(f *testing.F) {
	for _, seed := range [][4]string{
		{"http://example.com/a?b=c", "sign=d", "x-team", "ops"},
		{"https://me:p%0d%0a@example.com:8443/ü", "", "X-SMN-MESSAGE-ID", "1"},
		{"http://[fe80::1%25eth0]/", "a b", "Host", "elsewhere"},
		{"http://example.com/\r\nX: y", "a\r\n\r\n", "x\r\n", "\r\nX: y"},
		{"http://a%0d%0aX:y/", "%0d%0a", "x-a", "%0d%0a"},
		{"http://[::1%250aX: y]/?", "", "Content-Length", "0"},
		{"http://h/?\x85\u2028", "", "x-a", "a\u010d\u010a"},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3], []byte(`{"a":1}`))
	}
	f.Fuzz(func(t *testing.T, endpoint, query, name, value string, body []byte) {
		to, problem := parse(endpoint)
		if problem != "" {
			return
		}
		cut := len(body) / 2
		a := attempt{target: to, Request: Request{Endpoint: endpoint, Query: query, Header: Header{{name, value}}, Body: body[:cut], Tail: body[cut:]}}
		if a.problem(to) != "" {
			return
		}
		text := string(a.appendTo(nil))
		head, rest, found := strings.Cut(text, "\r\n\r\n")
		require.True(t, found)
		require.Equal(t, string(body), rest, "the head ends once")
		lines := strings.Split(head, "\r\n")
		want := 7
		if to.basic != "" {
			want++
		}
		require.Len(t, lines, want)
		for _, line := range lines {
			for i := range len(line) {
				require.True(t, line[i] >= ' ' && line[i] <= '~', "%q", line)
			}
		}
		require.Equal(t, 2, strings.Count(lines[0], " "), lines[0])

		reader := bufio.NewReader(strings.NewReader(text))
		got, err := http.ReadRequest(reader)
		require.NoError(t, err)
		require.Equal(t, to.host, got.Host)
		require.Equal(t, []string{strings.Trim(value, " ")}, got.Header.Values(name))
		require.Equal(t, []string{"1"}, got.Header.Values(headerDelivery))
		all, err := io.ReadAll(got.Body)
		require.NoError(t, err)
		require.Equal(t, string(body), string(all))
		_, err = reader.ReadByte()
		require.ErrorIs(t, err, io.EOF)
	})
}
