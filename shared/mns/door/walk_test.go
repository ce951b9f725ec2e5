package door

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/mns"
	"tocsin/shared/smn"
)

// TestWalk goes through the guide of MNS with the bytes that the sample programs of its
// SDK for Python send, over one connection: make a topic, subscribe, publish three
// messages, delete. testdata/walk.txt was typed from the reference; each request is
// signed there.
func TestWalk(t *testing.T) {
	h := open(t)
	server := httptest.NewServer(h)
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	answers := bufio.NewReader(conn)
	text, err := os.ReadFile("testdata/walk.txt")
	require.NoError(t, err)

	var ids []string
	want := []int{201, 204, 201, 204, 201, 201, 201, 200, 204, 404}
	for i, plain := range strings.Split(string(text), "\n----\n") {
		head, body, _ := strings.Cut(strings.TrimPrefix(plain, "\n"), "\n\n")
		body = strings.TrimSuffix(body, "\n")
		_, err := io.WriteString(conn, strings.ReplaceAll(head, "\n", "\r\n")+"\r\n\r\n"+body)
		require.NoError(t, err)
		method, _, _ := strings.Cut(head, " ")
		resp, err := http.ReadResponse(answers, &http.Request{Method: method})
		require.NoError(t, err)
		answered, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, want[i], resp.StatusCode, "%s\n%s", head, answered)
		a := answer{resp, string(answered)}
		switch target := strings.Fields(head)[1]; {
		case method == "PUT":
			require.Equal(t, "http://127.0.0.1:9000"+target, resp.Header.Get("Location"))
		case method == "POST":
			id, ok := mns.ParseMessageID(a.element("MessageId"))
			require.True(t, ok)
			require.Equal(t, mns.BodyMD5("I am test message "+string(rune('0'+len(ids)))+"."), a.element("MessageBodyMD5"))
			ids = append(ids, id)
			list, err := h.broker.ListMessages(owner(t), smn.ListMessagesInput{TopicURN: "urn:smn:test:" + project + ":MyTopic1"})
			require.NoError(t, err)
			require.Equal(t, id, list[0].ID)
		case resp.StatusCode == http.StatusOK:
			require.Equal(t, "http://127.0.0.1:9000/topics/MyTopic1/subscriptions/MyTopic1-Sub1", a.element("SubscriptionURL"))
		}
	}
	require.Len(t, ids, 3)
}
