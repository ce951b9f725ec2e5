package contract

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn/smntest"
)

// asName sends a request whose resource is named by its name.
func (v visitor) asName(t *testing.T, method, path, body string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, v.url+path, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("X-Auth-Token", v.token)
	r.Header.Set("X-SMN-RESOURCEID-TYPE", "name")
	resp, err := held(http.DefaultTransport).RoundTrip(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return answer{status: resp.StatusCode, header: resp.Header, body: string(text)}
}

// TestTagBodies sees the shapes that are peculiar to tags: paths outside of
// notifications, writes without a body, no request_id, numbers as texts.
func TestTagBodies(t *testing.T) {
	_, v := visit(t)
	require.Equal(t, http.StatusCreated, v.send(t, "POST", mine+"/topics", `{"name":"topic"}`).status)
	below := "/v2/" + smntest.Owner.Project + "/smn_topic"
	tags := below + "/topic/tags"

	a := v.asName(t, "POST", tags, `{"tag":{"key":"env","value":"test"}}`)
	require.Equal(t, http.StatusNoContent, a.status, a.body)
	require.Empty(t, a.body)
	require.Empty(t, a.header.Get("Content-Type"))
	require.NotEmpty(t, a.header.Get("X-Request-Id"))
	require.Equal(t, http.StatusNoContent, v.asName(t, "POST", tags+"/action", `{"action":"create","tags":[{"key":"team","value":"ops"}]}`).status)
	require.Equal(t, http.StatusNoContent, v.asName(t, "POST", tags+"/action", `{"action":"delete","tags":[{"key":"absent"},{"key":"team","value":"other"}]}`).status, "the value does not count")
	require.JSONEq(t, `{"tags":[{"key":"env","value":"test"}]}`, v.asName(t, "GET", tags, "").body)
	require.JSONEq(t, `{"tags":[{"key":"env","values":["test"]}]}`, v.send(t, "GET", below+"/tags", "").body)

	query := below + "/resource_instances/action"
	for _, page := range []string{``, `,"limit":"1","offset":"0"`, `,"limit":1,"offset":0`, `,"limit":"1000"`} {
		a = v.send(t, "POST", query, `{"action":"filter","tags":[{"key":"env","values":[]}]`+page+`}`)
		require.Equal(t, http.StatusOK, a.status, a.body)
		require.InDelta(t, 1, a.json(t)["total_count"], 0)
		resource := a.json(t)["resources"].([]any)[0].(map[string]any)
		require.Equal(t, "topic", resource["resource_name"])
		require.Equal(t, urn, resource["resource_detail"].(map[string]any)["topic_urn"])
		require.NotContains(t, a.body, "request_id")
	}
	require.JSONEq(t, `{"total_count":1}`, v.send(t, "POST", query, `{"action":"count"}`).body)
	require.JSONEq(t, `{"resources":[],"total_count":1}`, v.send(t, "POST", query, `{"action":"filter","offset":"1"}`).body)

	for key, spelt := range map[string]string{"a/b": "a%2Fb", "/a/": "%2Fa%2F", "a//b": "a%2F%2Fb", "..": "%2E%2E", "ü %": "%C3%BC%20%25", "a:b": "a:b"} {
		require.Equal(t, http.StatusNoContent, v.asName(t, "POST", tags, `{"tag":{"key":"`+key+`","value":""}}`).status)
		require.Equal(t, http.StatusNoContent, v.asName(t, "DELETE", tags+"/"+spelt, "").status, key)
		require.Equal(t, http.StatusNotFound, v.asName(t, "DELETE", tags+"/"+spelt, "").status, key)
	}
	require.Equal(t, http.StatusNotFound, v.send(t, "GET", tags, "").status, "without the header it is an id")
}

// TestAttachmentStatuses sees which calls answer 201.
func TestAttachmentStatuses(t *testing.T) {
	_, v := visit(t)
	require.Equal(t, http.StatusCreated, v.send(t, "POST", mine+"/topics", `{"name":"topic"}`).status)
	topic := mine + "/topics/" + urn
	for path, body := range map[string]string{
		"/logtanks": `{"log_group_id":"g","log_stream_id":"s"}`,
		"/kms":      `{"key_id":"k"}`,
	} {
		a := v.send(t, "POST", topic+path, body)
		require.Equal(t, http.StatusCreated, a.status, a.body)
		id := a.json(t)["id"].(string)
		require.Equal(t, http.StatusOK, v.send(t, "PUT", topic+path+"/"+id, body).status)
		a = v.send(t, "DELETE", topic+path+"/"+id, "")
		require.Equal(t, http.StatusOK, a.status)
		require.Len(t, a.json(t), 1)
	}
	a := v.send(t, "POST", topic+"/detection", `{"protocol":"http","endpoint":"http://127.0.0.1:1/"}`)
	require.Equal(t, http.StatusOK, a.status, a.body)
	a = v.send(t, "GET", topic+"/detection/"+a.json(t)["task_id"].(string), "")
	require.Equal(t, http.StatusOK, a.status, a.body)
	require.Contains(t, a.json(t), "status")

	for _, path := range []string{"/v2/notifications/protocols", "/v2/notifications/cloud_service", "/v2/notifications/cloud-services"} {
		require.Equal(t, http.StatusOK, v.send(t, "GET", path, "").status, path)
		require.Equal(t, http.StatusUnauthorized, visitor{url: v.url}.send(t, "GET", path, "").status, path)
	}
	a = v.send(t, "GET", mine+"/topics-with-associated-resources?limit=1", "")
	require.Contains(t, a.body, `"tags":[],"attributes":{"access_policy":""},"logtanks":[]`)
}
