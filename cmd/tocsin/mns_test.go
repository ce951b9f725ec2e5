package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/mns"
)

// mnsCall asks the door of MNS by the access key of the settings.
func mnsCall(t *testing.T, h *house, method, target, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, h.settings.PublicURL+target, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	r.Header.Set("X-Mns-Version", mns.Version)
	r.Header.Set("Authorization", "MNS "+h.settings.AccessKey+":"+mns.Sign(h.settings.SecretKey, mns.StringToSign(method, mns.Fields(r.Header), target)))
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, mns.Version, resp.Header.Get("X-Mns-Version"))
	return resp.StatusCode, string(answer)
}

// TestMNS: programs of MNS find their door beside SMN's, by the same access key.
func TestMNS(t *testing.T) {
	h := serveQuiet(t)
	status, body := mnsCall(t, h, "PUT", "/topics/a", "<Topic/>")
	require.Equal(t, http.StatusCreated, status, body)
	status, body = mnsCall(t, h, "GET", "/topics", "")
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, body, h.settings.PublicURL+"/topics/a<")
	status, body = mnsCall(t, h, "POST", "/topics/a/messages", "<Message><MessageBody>Hello</MessageBody></Message>")
	require.Equal(t, http.StatusCreated, status, body)
	status, body = mnsCall(t, h, "POST", "/topics/a/elsewhere", "")
	require.Equal(t, http.StatusBadRequest, status, body)
	require.Contains(t, body, "<Code>InvalidRequestURL</Code>")
	_, text := get(t, h.settings.PublicURL+"/metrics", nil)
	require.Contains(t, text, "tocsin_messages_accepted_total 1\n")
}
