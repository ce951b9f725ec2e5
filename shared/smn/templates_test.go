package smn_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/shared/smn"
)

func TestVariables(t *testing.T) {
	for content, want := range map[string][]string{
		"":                                     {},
		"no variables":                         {},
		"{a}":                                  {"a"},
		"{b} and {a} and {b}":                  {"b", "a"},
		"{{a}}":                                {"a"},
		"{x{a}":                                {"a"},
		"{} { } {a b} {-a} {_a} {.a} {ä} {a\n": {},
		"{A-b_c.9}{9}":                         {"A-b_c.9", "9"},
		"{a}{A}":                               {"a", "A"},
		"{" + strings.Repeat("n", smn.MaxVariableName) + "}":   {strings.Repeat("n", smn.MaxVariableName)},
		"{" + strings.Repeat("n", smn.MaxVariableName+1) + "}": {},
	} {
		names, _ := smn.Variables(content)
		require.Equal(t, want, names, content)
	}
	_, uses := smn.Variables("{a}{b}{a}{-}")
	require.Equal(t, 3, uses)
}

func TestRender(t *testing.T) {
	text, missing := smn.Render("{b}: {a}, {{a}} {-} {c} {d} {c}", map[string]string{"a": "{b}", "b": "", "x": "surplus"})
	require.Equal(t, ": {b}, {{b}} {-} {c} {d} {c}", text, "a value is not looked at again")
	require.Equal(t, []string{"c", "d"}, missing)
}

// naiveRender walks through a template sign by sign.
func naiveRender(content string, values map[string]string) (text string, missing []string) {
	var out []byte
	isAlphanumeric := func(c byte) bool { return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' }
	for i := 0; i < len(content); i++ {
		end := i + 1
		for end < len(content) && (isAlphanumeric(content[end]) || end > i+1 && strings.IndexByte("._-", content[end]) >= 0) {
			end++
		}
		name := content[min(i+1, len(content)):end]
		if content[i] != '{' || end == len(content) || content[end] != '}' || name == "" || len(name) > 21 {
			out = append(out, content[i])
			continue
		}
		value, ok := values[name]
		if !ok {
			value = "{" + name + "}"
			if !slices.Contains(missing, name) {
				missing = append(missing, name)
			}
		}
		out = append(out, value...)
		i = end
	}
	return string(out), missing
}

func TestRenderIsAsANaiveModel(t *testing.T) {
	part := rapid.SampledFrom([]string{"{", "}", "{a}", "{b}", "{c.d}", "{-}", "a", "b", ".", "-", "ä", " ", "{aaaaaaaaaaaaaaaaaaaaa}", "{aaaaaaaaaaaaaaaaaaaaaa}"})
	rapid.Check(t, func(t *rapid.T) {
		content := strings.Join(rapid.SliceOf(part).Draw(t, "parts"), "")
		values := rapid.MapOf(rapid.SampledFrom([]string{"a", "b", "c.d", "surplus"}), rapid.SampledFrom([]string{"", "x", "{a}", "}"})).Draw(t, "values")
		requireAsNaive(t, content, values)
	})
}

func requireAsNaive(t require.TestingT, content string, values map[string]string) {
	text, missing := smn.Render(content, values)
	wantText, wantMissing := naiveRender(content, values)
	require.Equal(t, wantText, text)
	require.Equal(t, wantMissing, missing)
	names, _ := smn.Variables(content)
	_, all := naiveRender(content, nil)
	require.Equal(t, append([]string{}, all...), names)
}

func FuzzTemplate(f *testing.F) {
	f.Add("{a} is {b} full", "a", "db-1")
	f.Add("{{a}}{", "a", "{a}")
	f.Add("{\xff}", "\xff", "")
	f.Fuzz(func(t *testing.T, content, name, value string) {
		requireAsNaive(t, content, map[string]string{name: value})
	})
}
