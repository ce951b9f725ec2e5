package house

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// unfinished are words that mark work somebody meant to come back to. They are
// put together here so that this file does not hold them.
var unfinished = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X|HA` + `CK)\b`)

func TestNothingIsLeftForLater(t *testing.T) {
	require.Regexp(t, unfinished, "// TO"+"DO: later")
	files := 0
	for file := range projectFiles(t) {
		switch filepath.Ext(file) {
		case ".go", ".md", ".yaml", ".yml", ".toml", ".json", ".sql", ".txt", "":
			files++
			text, err := os.ReadFile(filepath.Join(root, file))
			require.NoError(t, err)
			require.NotRegexp(t, unfinished, string(text), file)
		}
	}
	require.Greater(t, files, 100, "the files were not found")
}
