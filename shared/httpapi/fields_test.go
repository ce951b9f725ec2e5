package httpapi

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// requests are all bodies that operations read.
var requests = []any{
	wire.CreateTopicRequest{},
	wire.UpdateTopicRequest{},
	wire.UpdateTopicAttributeRequest{},
	wire.SubscribeRequest{},
	wire.UpdateSubscriptionRequest{},
	wire.CancelSubscriptionsRequest{},
	wire.FilterPolicesRequest{},
	wire.DeleteFilterPolicesRequest{},
	wire.SubscriptionUserRequest{},
	wire.SubscribeUsersRequest{},
	wire.PublishRequest{},
	wire.AlertsRequest{},
	wire.RedeliverRequest{},
	wire.CreateTemplateRequest{},
	wire.UpdateTemplateRequest{},
	wire.SetTagRequest{},
	wire.ChangeTagsRequest{},
	wire.FindResourcesRequest{},
	wire.DetectRequest{},
	wire.LogtankRequest{},
	wire.NotifyPolicyRequest{},
	wire.KMSKeyRequest{},
	wire.SendSMSRequest{},
	wire.SendSMSBatchRequest{},
	wire.SMSCallbacks{},
	wire.ApplicationRequest{},
	wire.PushEndpointRequest{},
	wire.PushEndpointUpdate{},
	wire.PushRequest{},
	wire.TokenRequest{},
}

// TestRequestsAreAll finds bodies that somebody reads and forgot above.
func TestRequestsAreAll(t *testing.T) {
	listed := map[string]bool{}
	for _, r := range requests {
		listed[reflect.TypeOf(r).Name()] = true
	}
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	read := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`var req wire\.(\w+)`).FindAllSubmatch(text, -1) {
			read[string(m[1])] = true
		}
	}
	require.Equal(t, listed, read)
}

// TestFieldsOfTheWrongKind puts, in turn, each kind of JSON value that does not
// belong there into each field of each body: that is answered with the code which
// the field names, or else the object around it.
func TestFieldsOfTheWrongKind(t *testing.T) {
	for _, r := range requests {
		t.Run(reflect.TypeOf(r).Name(), func(t *testing.T) {
			wrongKinds(t, reflect.TypeOf(r), reflect.TypeOf(r), func(inner string) string { return inner }, smn.Unreadable)
		})
	}
}

// wrongKinds tries the values of a type that stands in a body where around puts it.
func wrongKinds(t *testing.T, body, at reflect.Type, around func(string) string, code smn.Code) {
	t.Helper()
	for at.Kind() == reflect.Pointer {
		at = at.Elem()
	}
	for _, value := range misfits(at) {
		err := decode(httptest.NewRequest(http.MethodPost, "/", strings.NewReader(around(value))), reflect.New(body).Interface())
		require.Error(t, err, around(value))
		require.Equal(t, code, smn.CodeOf(err), around(value))
	}
	switch {
	case reflect.PointerTo(at).Implements(reflect.TypeFor[json.Unmarshaler]()): // it reads what is inside by itself
	case at.Kind() == reflect.Slice:
		wrongKinds(t, body, at.Elem(), func(inner string) string { return around("[" + inner + "]") }, code)
	case at.Kind() == reflect.Map:
		wrongKinds(t, body, at.Elem(), func(inner string) string { return around(`{"k":` + inner + `}`) }, code)
	case at.Kind() == reflect.Struct:
		for _, f := range reflect.VisibleFields(at) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if f.Anonymous || name == "request_id" { // of answers
				continue
			}
			own := code
			if tag := f.Tag.Get("code"); tag != "" {
				own = smn.Code(tag)
			}
			// Keystone has no codes, and SMN none for the id of an enterprise project.
			if body != reflect.TypeFor[wire.TokenRequest]() && name != "enterprise_project_id" {
				require.NotEqual(t, smn.Unreadable, own, "%s.%s names no code", at.Name(), f.Name)
				require.NotEqual(t, wire.FailureOf(smn.Internal), wire.FailureOf(own), "%s.%s names no code that there is", at.Name(), f.Name)
			}
			wrongKinds(t, body, f.Type, func(inner string) string { return around(`{"` + name + `":` + inner + `}`) }, own)
		}
	}
}

// misfits are values that a type cannot hold.
func misfits(at reflect.Type) []string {
	if reflect.PointerTo(at).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return []string{`[5]`} // some take texts, numbers and objects
	}
	return map[reflect.Kind][]string{
		reflect.String:  {`5`, `true`, `[]`, `{}`, `["a"]`},
		reflect.Bool:    {`5`, `"true"`, `[]`, `{}`},
		reflect.Int:     {`"5"`, `true`, `[]`, `{}`, `1.5`, `1e30`},
		reflect.Float64: {`"5"`, `true`, `[]`, `{}`, `1e400`},
		reflect.Slice:   {`5`, `true`, `"a"`, `{}`},
		reflect.Map:     {`5`, `true`, `"a"`, `[]`},
		reflect.Struct:  {`5`, `true`, `"a"`, `[]`},
	}[at.Kind()]
}
