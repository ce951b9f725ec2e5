package house

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// root is the folder of the module, seen from this one.
const root = "../.."

// layers are the rooms, the highest first. A package imports only packages of
// lower layers. A pattern names one folder, or with * every folder in it that is
// not named elsewhere.
var layers = [][]string{
	{"cmd/*", "functions/*", "bench", "examples/*", "internal/stack/run", "internal/coldstart", "internal/coldstart/hello"},
	{"internal/stack", "shared/lambdaapp/ways", "shared/lambdaapp/mnsdoor"},
	{"internal/demo"},
	{"shared/lambdaapp", "internal/runtimeapi", "internal/trial", "internal/emulators", "events"},
	{"shared/httpapi", "shared/client", "shared/embedded", "shared/dynamostore", "shared/sqsqueue", "shared/secrets", "shared/deliver/*", "shared/mns/door"},
	{"shared/deliver/post", "shared/deliver/letter", "shared/deliver/carrier", "shared/awsjson"},
	{"shared/broker", "shared/deliver", "shared/receive"},
	{"shared/store", "shared/signing", "shared/iam", "shared/validation", "shared/access", "shared/notice"},
	{"shared/queue", "shared/wire", "shared/mns", "shared/flow", "shared/intake", "shared/awspost"},
	{"shared/smn", "internal/loopback"},
}

// suites hold tests for others and stand beside the layers: only tests and other
// suites import them.
var suites = []string{"shared/smn/smntest", "shared/store/storetest", "shared/queue/queuetest", "shared/deliver/carrier/carriertest", "internal/*"}

// aws are the rooms that speak to AWS.
var aws = []string{
	"shared/awspost", "shared/awsjson", "shared/dynamostore", "shared/sqsqueue", "shared/secrets", "shared/deliver/ses", "shared/deliver/snssms", "shared/deliver/carrier",
	"shared/lambdaapp", "shared/deliver/carrier/carriertest", "internal/emulators", "internal/stack",
}

// guests are modules and packages that may be imported in the named places only,
// tests included where inTests is false.
var guests = []struct {
	path    string // and all below it
	places  []string
	inTests bool // tests may import it anywhere
	why     string
}{
	{"modernc.org/sqlite", []string{"shared/embedded"}, false, "SQLite is known to the embedded store alone"},
	{"database/sql", []string{"shared/embedded"}, true, "SQL is known to the embedded store alone"},
	{"tocsin/shared/embedded", []string{"cmd/tocsin", "bench"}, true, "functions must not carry SQLite"},
	{"github.com/aws/aws-sdk-go", nil, false, "that is the SDK of old"},
	{"github.com/aws/aws-sdk-go-v2", aws, true, "AWS is known to its rooms alone"},
	{"github.com/aws/smithy-go", aws, true, "AWS is known to its rooms alone"},
	{"github.com/aws/aws-lambda-go", []string{"shared/lambdaapp", "internal/stack", "internal/coldstart/hello"}, true, "events of AWS are known to lambdaapp alone"},
	{"github.com/awslabs/aws-lambda-go-api-proxy", []string{"shared/lambdaapp"}, false, "it is kept in one place"},
	{"github.com/alecthomas/kong", []string{"cmd/tocsin"}, false, "flags are known to the binary alone"},
	{"github.com/prometheus", []string{"cmd/tocsin"}, false, "metrics are shown by the binary alone; rooms have observers"},
	{"github.com/caarlos0/env", []string{"cmd/tocsin"}, false, "functions read their environment by hand"},
	{"github.com/go-playground/validator", []string{"shared/validation"}, false, "rules live in one place"},
	{"go.yaml.in/yaml", []string{"cmd/tocsin", "internal/stack", "internal/sam"}, true, "functions read JSON only"},
	{"github.com/wneessen/go-mail", []string{"shared/deliver/smtp"}, false, "SMTP is known to its sender alone"}, // which takes its smtp: all of it brings templates
	{"github.com/emersion", suites, true, "mail servers are for tests"},
	{"golang.org/x/crypto", []string{"shared/iam"}, true, "passwords are known to iam alone"},
	{"github.com/huaweicloud", []string{"internal/compat"}, false, "other SDKs are tried in a module of their own"},
	{"github.com/opentelekomcloud", []string{"internal/compat"}, false, "other SDKs are tried in a module of their own"},
	{"github.com/stretchr/testify", suites, true, "only tests test"},
	{"pgregory.net/rapid", suites, true, "only tests test"},
	{"github.com/getkin/kin-openapi", suites, true, "the OpenAPI document is written at home and served as it is"},
	{"testing", suites, true, "only tests test"},
}

func TestLayers(t *testing.T) {
	files := 0
	for file := range goFiles(t) {
		files++
		for _, fault := range faultsOf(t, file, nil) {
			t.Error(fault)
		}
	}
	require.Greater(t, files, 100, "the files were not found")
}

// A test that never fails proves nothing: what is forbidden must be found.
func TestLayersAreEnforced(t *testing.T) {
	for _, c := range []struct{ file, imports, want string }{
		{"shared/broker/x.go", "tocsin/shared/httpapi", "a higher layer"},
		{"shared/store/x.go", "tocsin/shared/iam", "the same layer"},
		{"shared/smn/x.go", "tocsin/shared/wire", "a higher layer"},
		{"shared/smn/x.go", "github.com/stretchr/testify/require", "only tests test"},
		{"shared/deliver/x.go", "tocsin/shared/deliver/outbox", "a higher layer"},
		{"shared/deliver/post/x.go", "tocsin/shared/deliver/webhook", "a higher layer"},
		{"shared/deliver/letter/x.go", "tocsin/shared/deliver/post", "the same layer"},
		{"shared/deliver/outbox/x.go", "github.com/wneessen/go-mail", "SMTP is known to its sender alone"},
		{"shared/deliver/smtp/x.go", "github.com/emersion/go-smtp", "mail servers are for tests"},
		{"shared/lambdaapp/ways/x.go", "tocsin/shared/deliver/smtp", ""},
		{"shared/deliver/webhook/x.go", "tocsin/shared/deliver/chatbot", "the same layer"},
		{"shared/deliver/webhook/x.go", "tocsin/shared/deliver/post", ""},
		{"shared/deliver/ses/x.go", "github.com/wneessen/go-mail", "SMTP is known to its sender alone"},
		{"shared/deliver/ses/x.go", "tocsin/shared/deliver/smtp", "the same layer"},
		{"shared/deliver/smtp/x.go", "github.com/aws/aws-sdk-go-v2/service/sesv2", "AWS is known"},
		{"shared/deliver/ses/x.go", "github.com/aws/aws-sdk-go-v2/service/sesv2", ""},
		{"shared/lambdaapp/x.go", "tocsin/shared/embedded", "functions must not carry SQLite"},
		{"functions/publish/main.go", "github.com/aws/aws-sdk-go-v2/aws", "AWS is known"},
		{"shared/dynamostore/x.go", "github.com/aws/aws-sdk-go-v2/aws", ""},
		{"shared/dynamostore/x.go", "tocsin/shared/sqsqueue", "the same layer"},
		{"shared/newroom/x.go", "strings", "has no place"},
		{"shared/broker/x.go", "tocsin/shared/newroom", "has no place"},
		{"shared/broker/x.go", "tocsin/shared/store/storetest", "a suite"},
		{"shared/broker/x_test.go", "modernc.org/sqlite", "SQLite is known"},
		{"internal/contract/x_test.go", "github.com/huaweicloud/huaweicloud-sdk-go-v3/core", "a module of their own"},
		{"shared/broker/x.go", "strings", ""},
		{"shared/broker/x.go", "tocsin/shared/smn", ""},
		{"shared/broker/x_test.go", "tocsin/shared/embedded", ""},
		{"internal/contract/x_test.go", "tocsin/shared/lambdaapp", ""},
	} {
		faults := faultsOf(t, c.file, fmt.Appendf(nil, "package x\nimport %q\n", c.imports))
		if c.want == "" {
			require.Empty(t, faults)
			continue
		}
		require.NotEmpty(t, faults, c)
		require.Contains(t, strings.Join(faults, "\n"), c.want)
		require.Contains(t, faults[0], c.file+":", "the line is named")
	}
}

// faultsOf reads the imports of a Go file of this module and says what is wrong
// with them. A nil source is read from the file.
func faultsOf(t *testing.T, file string, source any) []string {
	t.Helper()
	name := filepath.Join(root, file)
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, name, source, parser.ImportsOnly)
	require.NoError(t, err)
	folder, isTest := path.Dir(file), strings.HasSuffix(file, "_test.go")
	var faults []string
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		require.NoError(t, err)
		if fault := faultOf(folder, imported, isTest); fault != "" {
			faults = append(faults, fmt.Sprintf("%s:%d: imports %s: %s", file, fset.Position(spec.Pos()).Line, imported, fault))
		}
	}
	if !isTest && layerOf(folder) < 0 && !matches(folder, suites) {
		faults = append(faults, fmt.Sprintf("%s:1: the folder has no place in the table of layers", file))
	}
	return faults
}

// faultOf says why a file in a folder may not import something.
func faultOf(folder, imported string, isTest bool) string {
	for _, g := range guests {
		isIt := imported == g.path || strings.HasPrefix(imported, g.path+"/")
		if isIt && !matches(folder, g.places) && (!isTest || !g.inTests) {
			return g.why
		}
	}
	own, isOwn := strings.CutPrefix(imported, "tocsin/")
	if !isOwn || isTest || matches(folder, suites) && layerOf(folder) < 0 {
		return "" // tests and suites look at whatever they test
	}
	from, to := layerOf(folder), layerOf(own)
	switch {
	case to < 0 && matches(own, suites):
		return "that is a suite, which only tests import"
	case to < 0:
		return "that folder has no place in the table of layers"
	case to == from:
		return "that is the same layer"
	case to < from:
		return "that is a higher layer"
	}
	return ""
}

// layerOf is the layer of a folder, -1 for none. The highest is 0.
func layerOf(folder string) int {
	for n, patterns := range layers {
		if slices.Contains(patterns, folder) {
			return n
		}
	}
	for n, patterns := range layers {
		if matches(folder, patterns) {
			return n
		}
	}
	return -1
}

func matches(folder string, patterns []string) bool {
	for _, pattern := range patterns {
		if ok, err := path.Match(pattern, folder); ok && err == nil {
			return true
		}
	}
	return false
}

// goFiles gives the Go files of the module, by their path from its root.
func goFiles(t *testing.T) func(yield func(string) bool) {
	t.Helper()
	return func(yield func(string) bool) {
		for file := range projectFiles(t) {
			if strings.HasSuffix(file, ".go") && !yield(file) {
				return
			}
		}
	}
}

// projectFiles gives every file of the project, by its path from the root, but
// not what is built or kept by tools.
func projectFiles(t *testing.T) func(yield func(string) bool) {
	t.Helper()
	return func(yield func(string) bool) {
		err := fs.WalkDir(os.DirFS(root), ".", func(file string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir():
				if name := entry.Name(); file != "." && (name == "build" || name == "data" || strings.HasPrefix(name, ".") && name != ".ci") {
					return fs.SkipDir
				}
			case !yield(file):
				return fs.SkipAll
			}
			return nil
		})
		require.NoError(t, err)
	}
}
