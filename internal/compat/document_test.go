package compat

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var operationName = regexp.MustCompile(`\b[A-Z][A-Za-z]+\b`)

// TestDocumentListsEveryOperation sees that docs/compatibility.md answers for each
// operation of the SDK, by its name there, once.
func TestDocumentListsEveryOperation(t *testing.T) {
	text, err := os.ReadFile("../../docs/compatibility.md")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(text), "\n## Operations\n")
	require.True(t, found)
	table, _, found := strings.Cut(rest, "\nHuawei's SDK does not know these:\n")
	require.True(t, found)

	answers := map[string]string{}
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) != 6 || strings.Contains(line, "There?") {
			continue
		}
		for _, name := range operationName.FindAllString(cells[1], -1) {
			require.NotContains(t, answers, name, "listed twice")
			answers[name] = strings.TrimSpace(cells[3])
		}
	}
	for _, name := range operations() {
		require.Contains(t, []string{"yes", "partly"}, answers[name], name)
		delete(answers, name)
	}
	require.Empty(t, answers, "the SDK has no such operations")
}
