package contract

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/client"
	"tocsin/shared/httpapi"
	"tocsin/shared/smn"
	"tocsin/shared/smn/smntest"
	"tocsin/shared/wire"
)

const alerts = mine + "/topics/" + urn + "/alerts"

// group is a body as Alertmanager or Grafana sends it.
func group(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../shared/notice/testdata/" + name + ".json")
	require.NoError(t, err)
	return string(text)
}

func basic(name, password string) http.Header {
	return http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+password))}}
}

// published are the subjects of the topic's messages, newest first.
func published(t *testing.T, in installation) (subjects []string) {
	t.Helper()
	list, err := in.broker.ListMessages(smn.WithCaller(t.Context(), smntest.Owner), smn.ListMessagesInput{TopicURN: urn})
	require.NoError(t, err)
	for _, m := range list {
		subjects = append(subjects, m.Subject)
	}
	return subjects
}

// TestAlerts sends what the two programs send, in the way that they can: again and
// again until it is taken, with user and password.
func TestAlerts(t *testing.T) {
	in, v := visit(t)
	require.Equal(t, http.StatusCreated, v.send(t, "POST", mine+"/topics", `{"name":"topic"}`).status)
	key := basic("AKowner", "SKowner")
	plain := visitor{url: v.url}
	names := []string{"alertmanager", "alertmanager-resolved", "grafana"}
	for range 2 {
		for _, name := range names {
			first := plain.sendWith(t, "POST", alerts, group(t, name), key)
			require.Equal(t, http.StatusOK, first.status, first.body)
			require.True(t, smn.IsID(first.json(t)["message_id"].(string)))
			again := v.send(t, "POST", alerts, group(t, name)) // by token
			require.Equal(t, http.StatusOK, again.status, again.body)
			require.Equal(t, first.json(t)["message_id"], again.json(t)["message_id"])
		}
	}
	require.Equal(t, []string{"FIRING (4): High memory usage", "RESOLVED: InstanceDown", "FIRING (2): DiskFull"}, published(t, in))

	other := strings.Replace(group(t, "alertmanager"), "2 % are left", "1 % is left", 1)
	a := plain.sendWith(t, "POST", alerts, other, key)
	require.Equal(t, http.StatusOK, a.status, "else the sender would complain: %s", a.body)
	require.Equal(t, []string{"request_id"}, keysOf(a.json(t)), "published before, in other words")
	require.Len(t, published(t, in), len(names))
	began := strings.Replace(group(t, "alertmanager"), "01:30:00Z", "01:31:00Z", 1)
	require.NotEmpty(t, plain.sendWith(t, "POST", alerts, began, key).json(t)["message_id"])
	require.Len(t, published(t, in), len(names)+1)
}

// TestAlertsByAccessPolicy: who sends alerts need not own the topic.
func TestAlertsByAccessPolicy(t *testing.T) {
	in, v := visit(t)
	require.Equal(t, http.StatusCreated, v.send(t, "POST", mine+"/topics", `{"name":"topic"}`).status)
	policy := `{"Version":"2016-09-07","Id":"alerts","Statement":[{"Sid":"s","Effect":"Allow","Principal":{"CSP":["urn:csp:iam::` + smntest.Stranger.Domain +
		`:root"]},"Action":["SMN:Publish"],"Resource":"` + urn + `"}]}`
	require.NoError(t, in.broker.UpdateTopicAttribute(smn.WithCaller(t.Context(), smntest.Owner), smn.UpdateTopicAttributeInput{TopicURN: urn, Name: smn.AccessPolicy, Value: policy}))
	path := strings.Replace(alerts, smntest.Owner.Project+"/notifications", smntest.Stranger.Project+"/notifications", 1)
	a := visitor{url: v.url}.sendWith(t, "POST", path, group(t, "grafana"), basic("AKstranger", "SKstranger"))
	require.Equal(t, http.StatusOK, a.status, a.body)
	require.Len(t, published(t, in), 1)
}

func keysOf(object map[string]any) (keys []string) {
	for key := range object {
		keys = append(keys, key)
	}
	return keys
}

// TestAlertsInFrontOfARemote: a function that speaks to another service publishes
// once, too.
func TestAlertsInFrontOfARemote(t *testing.T) {
	in, v := visit(t)
	require.Equal(t, http.StatusCreated, v.send(t, "POST", mine+"/topics", `{"name":"topic"}`).status)
	remote, err := client.New(client.Config{Endpoint: v.url, Credential: client.AccessKey{Access: "AKowner", Secret: "SKowner", Project: smntest.Owner.Project}})
	require.NoError(t, err)
	config := in.api
	config.Service = remote
	handler, err := httpapi.New(config, httpapi.PublishAlerts)
	require.NoError(t, err)
	front := httptest.NewServer(handler)
	defer front.Close()
	for range 2 {
		a := visitor{url: front.URL}.sendWith(t, "POST", alerts, group(t, "grafana"), basic("AKowner", "SKowner"))
		require.Equal(t, http.StatusOK, a.status, a.body)
	}
	require.Len(t, published(t, in), 1)
}

func TestAlertsRefused(t *testing.T) {
	in, v := visit(t)
	require.Equal(t, http.StatusCreated, v.send(t, "POST", mine+"/topics", `{"name":"topic"}`).status)
	good := group(t, "alertmanager")
	for name, c := range map[string]struct {
		body   string
		status int
		code   string
	}{
		"no JSON":          {`{`, 400, "APIGW.0201"},
		"no object":        {`[]`, 400, "APIGW.0201"},
		"not UTF-8":        {"{\"groupKey\":\"\xff\"}", 400, "APIGW.0201"},
		"nothing":          {`{}`, 400, "SMN.0072"},
		"another version":  {strings.Replace(good, `"version": "4"`, `"version": "3"`, 1), 400, "SMN.0072"},
		"a number for it":  {strings.Replace(good, `"version": "4"`, `"version": 4`, 1), 400, "SMN.0072"},
		"a label's number": {strings.Replace(good, `"instance": "db-1"`, `"instance": 1`, 1), 400, "SMN.0072"},
		"no alerts":        {`{"version":"4","groupKey":"g","status":"firing","alerts":[]}`, 400, "SMN.0072"},
		"too large":        {strings.Replace(good, "2 % are left", strings.Repeat("x", 1<<20), 1), 413, "APIGW.0201"},
	} {
		a := v.send(t, "POST", alerts, c.body)
		require.Equal(t, c.status, a.status, "%s: %s", name, a.body)
		require.Contains(t, a.body, `"`+c.code+`"`, name)
	}
	a := v.send(t, "POST", mine+"/topics/"+urn+"2/alerts", good)
	require.Equal(t, http.StatusNotFound, a.status)
	require.Contains(t, a.body, "SMN.0006")
	a = v.sendWith(t, "POST", alerts, good, http.Header{wire.HeaderDelivery: {"1"}})
	require.Equal(t, http.StatusForbidden, a.status, "a topic that is subscribed by its own address does not go round")

	nobody := visitor{url: v.url}
	for name, c := range map[string]struct {
		header http.Header
		path   string
		status int
	}{
		"nobody":                {nil, alerts, 401},
		"wrong secret":          {basic("AKowner", "SKother"), alerts, 401},
		"password of a user":    {basic("owner", "password of owner"), alerts, 401},
		"a bearer":              {http.Header{"Authorization": {"Bearer " + v.token}}, alerts, 401},
		"a stranger":            {basic("AKstranger", "SKstranger"), alerts, 403},
		"the stranger's":        {basic("AKstranger", "SKstranger"), strings.Replace(alerts, smntest.Owner.Project+"/notifications", smntest.Stranger.Project+"/notifications", 1), 403},
		"by the usual doors":    {basic("AKowner", "SKowner"), mine + "/topics/" + urn + "/publish", 401},
		"by the doors of lists": {basic("AKowner", "SKowner"), mine + "/topics", 401},
	} {
		a := nobody.sendWith(t, "POST", c.path, good, c.header)
		require.Equal(t, c.status, a.status, "%s: %s", name, a.body)
		require.NotContains(t, a.body, "SK", name)
	}
	require.Empty(t, published(t, in), "nothing was published")
	for range 5 {
		nobody.sendWith(t, "POST", alerts, good, basic("AKowner", "SKother"))
	}
	require.Equal(t, 401, nobody.sendWith(t, "POST", alerts, good, basic("AKowner", "SKowner")).status, "the key is locked for a while")
}
