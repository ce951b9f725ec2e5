package compat

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	smn "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/smn/v2"
	"github.com/stretchr/testify/require"
)

// scenarios are what to try with operations of the SDK, by their names there:
// success with its status and fields, the second time, at least one refusal.
type scenarios map[string]func(t *testing.T, s *service)

// nouns are all of them.
var nouns = []scenarios{
	topics, attributes, subscriptions, filterPolicies, links, publishing, templates, tags,
	detection, logtanks, notifyPolicies, kmsKeys, lists, applications, applicationEndpoints,
}

// operations names what the SDK can call: the methods that take a request and
// give an answer and an error. Their twins that give an invoker are left out.
func operations() []string {
	var names []string
	client := reflect.TypeFor[*smn.SmnClient]()
	for method := range client.Methods() {
		f := method.Type
		if f.NumIn() == 2 && f.NumOut() == 2 && f.In(1).Kind() == reflect.Pointer && strings.HasSuffix(f.In(1).Elem().Name(), "Request") {
			names = append(names, method.Name)
		}
	}
	return names
}

// TestOperations tries every operation of the SDK. They share one service, so a
// scenario makes its own topics and tolerates those of others.
func TestOperations(t *testing.T) {
	all := scenarios{}
	for _, noun := range nouns {
		for name, scenario := range noun {
			require.NotContains(t, all, name, "two scenarios for one operation")
			all[name] = scenario
		}
	}
	names := operations()
	require.Len(t, names, 71, "the SDK has other operations than it had")
	for _, name := range names {
		if _, ok := all[name]; !ok {
			t.Errorf("the SDK's operation %s has no scenario", name)
		}
	}
	for name := range all {
		if !slices.Contains(names, name) {
			t.Errorf("the SDK has no operation %s for its scenario", name)
		}
	}
	s := launch(t)
	for _, name := range names {
		if scenario, ok := all[name]; ok {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				scenario(t, s)
			})
		}
	}
}
