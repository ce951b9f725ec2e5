package house

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"tocsin/internal/stack"
)

// function is a function as template.yaml declares it.
type function struct {
	id     string // logical id: PublishFunction
	folder string // publish, from the id
	routes []route
}

// route is a route of the HTTP API.
type route struct {
	method string // GET, ANY; empty for the default route
	path   string // may hold {name} and end in {name+}
}

func (r route) String() string {
	if r.method == "" {
		return "$default"
	}
	return r.method + " " + r.path
}

// functions reads the functions of template.yaml.
func functions(t *testing.T) []function {
	t.Helper()
	var all []function
	pairs(t, at(t, templateRoot(t), "Resources"), func(id string, resource *yaml.Node) {
		if at(t, resource, "Type").Value != "AWS::Serverless::Function" {
			return
		}
		f := function{id: id, folder: stack.FolderOf(id)}
		pairs(t, at(t, resource, "Properties", "Events"), func(_ string, event *yaml.Node) {
			if at(t, event, "Type").Value != "HttpApi" {
				return
			}
			properties := at(t, event, "Properties")
			require.Equal(t, "!Ref", at(t, properties, "ApiId").Tag)
			f.routes = append(f.routes, route{optional(properties, "Method"), optional(properties, "Path")})
		})
		all = append(all, f)
	})
	require.NotEmpty(t, all)
	return all
}

// templateRoot reads template.yaml as nodes, which keep tags such as !Ref that
// no Go type knows.
func templateRoot(t *testing.T) *yaml.Node {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "template.yaml"))
	require.NoError(t, err)
	var document yaml.Node
	require.NoError(t, yaml.Unmarshal(text, &document))
	return document.Content[0]
}

// at follows keys into a mapping; all must be there.
func at(t *testing.T, node *yaml.Node, keys ...string) *yaml.Node {
	t.Helper()
	for _, key := range keys {
		next := child(node, key)
		require.NotNil(t, next, "line %d has no %s", node.Line, key)
		node = next
	}
	return node
}

func optional(node *yaml.Node, key string) string {
	if found := child(node, key); found != nil {
		return found.Value
	}
	return ""
}

func child(node *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return node.Content[i+1]
		}
	}
	return nil
}

func pairs(t *testing.T, node *yaml.Node, each func(key string, value *yaml.Node)) {
	t.Helper()
	require.Equal(t, yaml.MappingNode, node.Kind, "line %d", node.Line)
	for i := 0; i+1 < len(node.Content); i += 2 {
		each(node.Content[i].Value, node.Content[i+1])
	}
}

// camel is list-subscriptions as ListSubscriptions: the way back from stack.FolderOf.
func camel(s string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(s, "-") {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}

// TestGlobals: what every function needs, each of them has.
func TestGlobals(t *testing.T) {
	globals := at(t, templateRoot(t), "Globals", "Function")
	for _, key := range []string{"MemorySize", "Timeout", "Architectures", "Tracing"} {
		at(t, globals, key)
	}
	require.Equal(t, "provided.al2023", at(t, globals, "Runtime").Value)

	// sam local passes on declared variables only.
	declared := map[string]bool{}
	declare := func(node *yaml.Node) {
		pairs(t, node, func(name string, value *yaml.Node) { declared[name] = true })
	}
	declare(at(t, globals, "Environment", "Variables"))
	requireNoAPI(t, globals)
	for _, f := range functions(t) {
		properties := at(t, templateRoot(t), "Resources", f.id, "Properties")
		if own := child(properties, "Environment"); own != nil {
			declare(at(t, own, "Variables"))
			if len(f.routes) > 0 {
				requireNoAPI(t, own)
			}
		}
	}
	for _, name := range variablesRead(t) {
		require.True(t, declared[name], "the template does not declare %s", name)
		delete(declared, name)
	}
	require.Empty(t, declared, "declared and read by no function")

	resources := at(t, templateRoot(t), "Resources")
	for _, f := range functions(t) {
		resource := at(t, resources, f.id)
		require.Equal(t, "makefile", at(t, resource, "Metadata", "BuildMethod").Value, f.id)
		logs := at(t, resource, "Properties", "LoggingConfig", "LogGroup").Value
		at(t, resources, logs, "Properties", "RetentionInDays")
	}
}

// requireNoAPI: a function behind the API that has its address would be a circle.
func requireNoAPI(t *testing.T, node *yaml.Node) {
	t.Helper()
	isTagged := node.Tag == "!Ref" || node.Tag == "!GetAtt" || node.Tag == "!Sub"
	require.False(t, isTagged && regexp.MustCompile(`\bApi\b`).MatchString(node.Value), "line %d: the API is behind this, too", node.Line)
	for _, below := range node.Content {
		requireNoAPI(t, below)
	}
}

// variablesRead are the variables that lambdaapp reads.
func variablesRead(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "shared/lambdaapp/*.go"))
	require.NoError(t, err)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		names = append(names, quoted(string(source), "TOCSIN_")...)
	}
	require.NotEmpty(t, names)
	slices.Sort(names)
	return slices.Compact(names)
}

// quoted gives the names in quotes within Go source that begin with a prefix.
func quoted(source, prefix string) []string {
	var names []string
	for i, part := range strings.Split(source, `"`) {
		isName := strings.HasPrefix(part, prefix) && !strings.ContainsAny(part, " =\n")
		if isName && i%2 == 1 {
			names = append(names, part)
		}
	}
	return names
}
