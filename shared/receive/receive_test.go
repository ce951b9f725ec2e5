package receive

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestConfig(t *testing.T) {
	receive := func(context.Context, Notification) error { return nil }
	for _, c := range []Config{
		{},
		{MNS: []string{mnsPlace}},
		{Receive: receive},
		{Receive: receive, MNS: []string{""}},
		{Receive: receive, MNS: []string{"mns.example.com"}},
		{Receive: receive, MNS: []string{"https://"}},
		{Receive: receive, MNS: []string{"ftp://mns.example.com"}},
		{Receive: receive, MNS: []string{"https://u@mns.example.com"}},
		{Receive: receive, MNS: []string{"https://mns.example.com/a?b"}},
		{Receive: receive, MNS: []string{"https://mns.example.com/a#b"}},
		{Receive: receive, MNS: []string{"https://mns.example.com/a/../b"}},
		{Receive: receive, MNS: []string{mnsPlace}, SMN: []string{""}},
		{Receive: receive, SMN: []string{smnBase, smnBase + "/path"}},
	} {
		_, err := New(c)
		require.ErrorContains(t, err, "receive: ", "%v %v", c.MNS, c.SMN)
	}
	for _, c := range []Config{{Receive: receive, MNS: []string{"http://127.0.0.1:9000/"}}, {Receive: receive, SMN: []string{smnBase + "/"}}} {
		_, err := New(c)
		require.NoError(t, err)
	}
}

func TestAnswers(t *testing.T) {
	body := read(t, "notification.xml")
	good := func() *http.Request { return xmlPush(t, body).signed(t) }
	e := open(t, func(c *Config) { c.MaxBody = int64(len(body)) })
	e.takes(t, good())

	for _, method := range []string{"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "post"} {
		r := good()
		r.Method = method
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		require.Equal(t, http.StatusMethodNotAllowed, w.Code)
		require.Equal(t, "POST", w.Header().Get("Allow"))
		require.Equal(t, notAllowed, w.Body.String())
	}
	e.refuses(t, xmlPush(t, body+" ").signed(t), 413, tooLong, "more than 495 bytes")
	cut := good()
	cut.Body = io.NopCloser(io.MultiReader(strings.NewReader("<"), brokenReader{}))
	e.refuses(t, cut, 400, noMessage, "broke off")
	e.refuses(t, httptest.NewRequest(http.MethodPost, "/notifications", strings.NewReader(body)), 400, noMessage, "neither the headers of MNS nor those of SMN")

	for err, want := range map[error]struct {
		status int
		text   string
	}{
		ErrUnwanted:                    {403, noAccess},
		errors.New("the disk is full"): {500, ourFault},
	} {
		var got int
		e := open(t, func(c *Config) {
			c.Receive = func(context.Context, Notification) error { return err }
			c.Refused = func(_ *http.Request, status int, why error) {
				require.Equal(t, err, why)
				got = status
			}
		})
		status, text := e.answers(good())
		require.Equal(t, []any{want.status, want.text, want.status}, []any{status, text, got})
	}
	silent := open(t, func(c *Config) { c.Refused = nil })
	status, _ := silent.answers(httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	require.Equal(t, 405, status)
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// The published push as it is on the wire, with names in lower case, and the bytes of
// the answer.
func TestOverTheWire(t *testing.T) {
	e := open(t, func(c *Config) {
		c.MNS = []string{"http://127.0.0.1:9100"}
		c.Client = pages{"http://127.0.0.1:9100/cert.pem": read(t, "certificate.pem")}.client()
	})
	server := httptest.NewServer(e)
	defer server.Close()
	send := func(body string) (status int, answer string) {
		conn, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
		require.NoError(t, err)
		defer conn.Close()
		_, err = io.WriteString(conn, strings.Join([]string{
			"POST /notifications HTTP/1.1", "Host: 10.0.0.1:8080", "Connection: keep-alive", "Accept: */*",
			"User-Agent: Aliyun Notification Service Agent", "Content-length: 495",
			"content-md5: ZGZiODZkNzA5NWM0M2Q2MWVkYWJiNDAwOTEyYmUxMWQ=", "content-type: text/xml;charset=utf-8",
			"date: Tue, 17 May 2016 09:10:56 GMT", "x-mns-request-id: 573AE020B2B71CFC6801A6EF",
			"x-mns-signing-cert-url: aHR0cDovLzEyNy4wLjAuMTo5MTAwL2NlcnQucGVt", "x-mns-version: 2015-06-06",
			"authorization: ThBzQKn9jMOUYgJWwtbieN2BuOtnoY+DtcNYvDOgRYV3G8896Rh9S7i6sGXl4aixYgfJC9pQ6yUoCUxkWy0hp7u/wfXtiEip67jX5/K/MINWOzWAsvC1FSaFyamYdbBWj3zkQUYB7ZCXylE/nTRX3TcEaTG1Aei6TJBgAAqVFHY=",
			"", body,
		}, "\r\n"))
		require.NoError(t, err)
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.EqualValues(t, len(text), response.ContentLength)
		return response.StatusCode, string(text)
	}
	body := read(t, "notification.xml")
	status, text := send(body)
	require.Equal(t, http.StatusCreated, status)
	require.Empty(t, text)
	status, text = send(strings.Replace(body, "message 0", "message 1", 1))
	require.Equal(t, http.StatusForbidden, status)
	require.Equal(t, "Access Forbidden", text)
}
