package contract

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/httpapi"
	"tocsin/shared/smn"
	"tocsin/shared/smn/smntest"
)

// reach is what a stranger gets who aims an operation at what the owner has. The
// zero value is 403 SMN.0001.
type reach struct {
	body    string
	path    map[string]string // parameters that are not those of params
	query   string
	header  http.Header
	missing bool // 404: it names something by an id, which the stranger's own project does not have
	own     bool // 2xx: it is about the stranger's own project, and must hold nothing of the owner's
}

// foreign has a line for every operation whose path names a project. An operation
// that has none fails the test.
var foreign = map[string]reach{
	"create-topic":                {body: `{"name":"topic"}`, own: true},
	"list-topics":                 {own: true},
	"get-topic":                   {},
	"update-topic":                {body: `{"display_name":"taken"}`},
	"delete-topic":                {},
	"list-topic-attributes":       {},
	"update-topic-attribute":      {body: `{"value":"taken"}`},
	"delete-topic-attribute":      {},
	"delete-topic-attributes":     {},
	"subscribe":                   {body: `{"protocol":"email","endpoint":"me@example.com"}`},
	"list-subscriptions":          {own: true},
	"list-subscriptions-by-topic": {},
	"cancel-subscription":         {},
	"publish":                     {body: `{"message":"m"}`},
}

// TestForeign sees that without an access policy a stranger can neither read nor
// change anything of another project, by any operation: not under his own project
// in the path and not under the owner's.
func TestForeign(t *testing.T) {
	in, owner := visit(t)
	token, err := in.api.Identity.IssueToken(t.Context(), login(smntest.Stranger))
	require.NoError(t, err)
	stranger := visitor{url: owner.url, token: token.Value}

	const marked = "only-the-owner-knows"
	require.Equal(t, http.StatusCreated, owner.send(t, "POST", mine+"/topics", `{"name":"topic","display_name":"`+marked+`"}`).status)
	topic := owner.send(t, "GET", mine+"/topics/"+urn, "").json(t)
	subscription := owner.send(t, "POST", mine+"/topics/"+urn+"/subscriptions", `{"protocol":"email","endpoint":"`+marked+`@example.com"}`).json(t)
	require.Equal(t, http.StatusOK, owner.send(t, "PUT", mine+"/topics/"+urn+"/attributes/introduction", `{"value":"`+marked+`"}`).status)
	state := func() string {
		var all strings.Builder
		for _, path := range []string{"/topics", "/topics/" + urn + "/attributes", "/subscriptions"} {
			a := owner.send(t, "GET", mine+path, "")
			require.Equal(t, http.StatusOK, a.status)
			all.WriteString(strings.ReplaceAll(a.body, a.header.Get("X-Request-Id"), "") + "\n")
		}
		return all.String()
	}
	before := state()
	require.Contains(t, before, marked)

	params := map[string]string{
		"topic_urn": urn, "subscription_urn": subscription["subscription_urn"].(string), "name": string(smn.Introduction),
		"resource_type": "smn_topic", "resource_id": topic["topic_id"].(string), "key": "key",
	}
	tried := map[string]bool{}
	for _, op := range httpapi.All() {
		method, pattern, _ := strings.Cut(op.Route, " ")
		if !strings.Contains(pattern, "{project_id}") {
			continue
		}
		want, ok := foreign[op.Name]
		if !ok {
			t.Errorf("operation %s has no line in the table of foreign", op.Name)
			continue
		}
		tried[op.Name] = true
		t.Run(op.Name, func(t *testing.T) {
			under := func(project string) answer {
				path := fillPath(pattern, project, want.path, params)
				return stranger.sendWith(t, method, path+want.query, want.body, want.header)
			}
			a := under(smntest.Owner.Project)
			require.Equal(t, http.StatusForbidden, a.status, "%s", a.body)
			require.Contains(t, a.body, "SMN.0001")

			a = under(smntest.Stranger.Project)
			switch {
			case want.own:
				require.Less(t, a.status, 300, "%s", a.body)
				require.NotContains(t, a.body, smntest.Owner.Project)
			case want.missing:
				require.Equal(t, http.StatusNotFound, a.status, "%s", a.body)
			default:
				require.Equal(t, http.StatusForbidden, a.status, "%s", a.body)
				require.Contains(t, a.body, "SMN.0001")
			}
			require.NotContains(t, a.body, marked)
			require.Equal(t, before, state(), "nothing of the owner's has changed")
		})
	}
	require.Len(t, foreign, len(tried), "a line names an operation that is not there")
}

// fillPath puts values into a route's pattern: those of the line first. A
// parameter that neither knows is an id that nothing has.
func fillPath(pattern, project string, own, params map[string]string) string {
	segments := strings.Split(pattern, "/")
	for i, segment := range segments {
		name, isParam := strings.CutPrefix(segment, "{")
		if !isParam {
			continue
		}
		name = strings.TrimSuffix(name, "}")
		value, ok := own[name]
		if !ok {
			value, ok = params[name]
		}
		if !ok {
			value = fmt.Sprintf("%032d", 0)
		}
		if name == "project_id" {
			value = project
		}
		segments[i] = value
	}
	return strings.Join(segments, "/")
}
