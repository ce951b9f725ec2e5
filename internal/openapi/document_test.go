package openapi_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"tocsin/internal/openapi"
	"tocsin/shared/httpapi"
)

var update = flag.Bool("update", false, "write the document anew")

const file = "../../shared/httpapi/openapi.json"

// TestDocumentIsCurrent sees that the document that is served is the one that the
// code means.
func TestDocumentIsCurrent(t *testing.T) {
	doc, err := openapi.Document(httpapi.All(), "../../shared/wire")
	require.NoError(t, err)
	text, err := json.Marshal(doc)
	require.NoError(t, err)
	var lines bytes.Buffer
	require.NoError(t, json.Indent(&lines, text, "", " "))
	lines.WriteByte('\n')
	if *update {
		require.NoError(t, os.WriteFile(file, lines.Bytes(), 0o600))
	}
	kept, err := os.ReadFile(file)
	require.NoError(t, err)
	require.True(t, bytes.Equal(kept, lines.Bytes()), "shared/httpapi/openapi.json is not current: make openapi")

	loaded, err := openapi3.NewLoader().LoadFromData(kept)
	require.NoError(t, err)
	require.NoError(t, loaded.Validate(t.Context()), "it is a valid OpenAPI document")
}
