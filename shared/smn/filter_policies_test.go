package smn_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/shared/smn"
)

func TestSelects(t *testing.T) {
	one := func(name, value string) smn.MessageAttribute {
		return smn.MessageAttribute{Name: name, Type: smn.StringAttribute, Values: []string{value}}
	}
	some := func(name string, values ...string) smn.MessageAttribute {
		return smn.MessageAttribute{Name: name, Type: smn.StringArrayAttribute, Values: values}
	}
	protocols := func(name string, values ...string) smn.MessageAttribute {
		return smn.MessageAttribute{Name: name, Type: smn.ProtocolAttribute, Values: values}
	}
	policy := func(name string, values ...string) smn.FilterPolicy {
		return smn.FilterPolicy{Name: name, StringEquals: values}
	}
	type (
		attributes = []smn.MessageAttribute
		filters    = []smn.FilterPolicy
	)
	for name, c := range map[string]struct {
		attributes attributes
		filters    filters
		want       bool
	}{
		"no filters, no attributes":     {nil, nil, true},
		"no filters":                    {attributes{one("team", "ops")}, nil, true},
		"attribute missing":             {nil, filters{policy("team", "ops")}, false},
		"another attribute":             {attributes{one("site", "ops")}, filters{policy("team", "ops")}, false},
		"value fits":                    {attributes{one("team", "ops")}, filters{policy("team", "db", "ops")}, true},
		"another value":                 {attributes{one("team", "ops")}, filters{policy("team", "db")}, false},
		"case counts":                   {attributes{one("team", "Ops")}, filters{policy("team", "ops")}, false},
		"one element fits":              {attributes{some("team", "a", "ops")}, filters{policy("team", "ops")}, true},
		"no element fits":               {attributes{some("team", "a", "b")}, filters{policy("team", "ops")}, false},
		"both filters hold":             {attributes{one("team", "ops"), one("level", "high")}, filters{policy("team", "ops"), policy("level", "high")}, true},
		"one of two filters holds":      {attributes{one("team", "ops"), one("level", "low")}, filters{policy("team", "ops"), policy("level", "high")}, false},
		"protocol named":                {attributes{protocols("p", "sms", "email")}, nil, true},
		"protocol not named":            {attributes{protocols("p", "sms")}, nil, false},
		"protocol named, filter broken": {attributes{protocols("p", "email")}, filters{policy("team", "ops")}, false},
		"protocols are no filter value": {attributes{protocols("p", "email")}, filters{policy("p", "email")}, false},
		"filter holds, not for us":      {attributes{protocols("p", "sms"), one("team", "ops")}, filters{policy("team", "ops")}, false},
	} {
		require.Equal(t, c.want, smn.Selects(c.attributes, smn.Email, c.filters), name)
	}
}

// TestSelectsIsAsANaiveModel: a message is selected unless something speaks
// against it.
func TestSelectsIsAsANaiveModel(t *testing.T) {
	name := rapid.SampledFrom([]string{"a", "b", "c"})
	values := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"x", "y", "email", "sms"}), 1, 3, rapid.ID[string])
	filter := rapid.Custom(func(t *rapid.T) smn.FilterPolicy {
		return smn.FilterPolicy{Name: name.Draw(t, "name"), StringEquals: values.Draw(t, "values")}
	})
	attribute := rapid.Custom(func(t *rapid.T) smn.MessageAttribute {
		return smn.MessageAttribute{
			Name: name.Draw(t, "name"), Values: values.Draw(t, "values"),
			Type: rapid.SampledFrom([]smn.AttributeType{smn.StringAttribute, smn.StringArrayAttribute, smn.ProtocolAttribute}).Draw(t, "type"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		attributes, filters := rapid.SliceOfN(attribute, 0, 3).Draw(t, "attributes"), rapid.SliceOfN(filter, 0, 2).Draw(t, "filters")
		want := true
		for _, a := range attributes {
			named := false
			for _, v := range a.Values {
				named = named || v == "email"
			}
			if a.Type == smn.ProtocolAttribute && !named {
				want = false
			}
		}
		for _, f := range filters {
			held := false
			for _, a := range attributes {
				for _, v := range a.Values {
					for _, w := range f.StringEquals {
						held = held || a.Type != smn.ProtocolAttribute && a.Name == f.Name && v == w
					}
				}
			}
			want = want && held
		}
		require.Equal(t, want, smn.Selects(attributes, smn.Email, filters))
	})
}
