package house

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/events"
	"tocsin/internal/stack"
	"tocsin/shared/httpapi"
)

// maxRoutes keeps a function's policy within its 20,480 bytes: each route adds a
// permission.
const maxRoutes = 20

// groups are what httpapi has for several operations.
var groups = map[string][]httpapi.Operation{
	"ListOperations":                httpapi.ListOperations(),
	"ManageOperations":              httpapi.ManageOperations(),
	"ManageSubscriptionsOperations": httpapi.ManageSubscriptionsOperations(),
	"MessagingOperations":           httpapi.MessagingOperations(),
	"LinkOperations":                httpapi.LinkOperations(),
	"IdentityOperations":            httpapi.IdentityOperations(),
}

// mounts gives the operations of a function, which are the arguments of the one
// statement of its main.
func mounts(t *testing.T, folder string) []httpapi.Operation {
	t.Helper()
	file := filepath.Join(root, "functions", folder, "main.go")
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
	require.NoError(t, err)
	require.Contains(t, parsed.Doc.Text(), "Command "+folder+" ", file)
	var body []ast.Stmt
	for _, decl := range parsed.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok {
			require.Equal(t, "main", f.Name.Name, file)
			body = f.Body.List
		}
	}
	require.Len(t, body, 1, "%s: a main is one statement", file)
	call, ok := body[0].(*ast.ExprStmt).X.(*ast.CallExpr)
	require.True(t, ok, file)
	var ops []httpapi.Operation
	for _, arg := range call.Args {
		if made, ok := arg.(*ast.CallExpr); ok {
			arg = made.Fun
		}
		selector := arg.(*ast.SelectorExpr)
		if selector.X.(*ast.Ident).Name != "httpapi" {
			continue // the ways out of deliver
		}
		name := selector.Sel.Name
		if group, ok := groups[name]; ok {
			require.True(t, call.Ellipsis.IsValid(), file)
			ops = append(ops, group...)
			continue
		}
		op, ok := operationNamed(name)
		require.True(t, ok, "%s: httpapi.%s is not in httpapi.All, or its name is not %q", file, name, stack.FolderOf(name))
		ops = append(ops, op)
	}
	return ops
}

func operationNamed(goName string) (httpapi.Operation, bool) {
	for _, op := range httpapi.All() {
		if camel(op.Name) == goName {
			return op, true
		}
	}
	return httpapi.Operation{}, false
}

func TestEachOperationIsMountedOnce(t *testing.T) {
	mountedBy := map[string]string{}
	for _, f := range functions(t) {
		for _, op := range mounts(t, f.folder) {
			require.Empty(t, mountedBy[op.Name], "%s is mounted by %s too", op.Name, f.folder)
			mountedBy[op.Name] = f.folder
		}
	}
	for _, op := range httpapi.All() {
		require.NotEmpty(t, mountedBy[op.Name], "no function mounts %s", op.Name)
	}
	require.Len(t, mountedBy, len(httpapi.All()))
}

func TestRoutesReachTheFunctionThatMounts(t *testing.T) {
	owners := map[route]string{}
	var routes []route
	for _, f := range functions(t) {
		require.LessOrEqual(t, len(f.routes), maxRoutes, f.id)
		for _, r := range f.routes {
			require.Empty(t, owners[r], "%s is a route of two functions", r)
			owners[r] = f.folder
			routes = append(routes, r)
		}
	}
	used := map[route]bool{{}: true} // the default route takes the rest
	for _, f := range functions(t) {
		for _, op := range mounts(t, f.folder) {
			method, pattern := requestOf(op)
			r, ok := match(routes, method, pattern)
			require.True(t, ok, "no route leads to %s", op.Name)
			require.Equal(t, f.folder, owners[r], "%s %s goes by %s", method, pattern, r)
			used[r] = true
		}
	}
	for _, pattern := range patterns("", mns[1:]) {
		method, path := requestTo(pattern)
		r, ok := match(routes, method, path)
		require.True(t, ok, pattern)
		require.Equal(t, "mns", owners[r], "%s goes by %s", pattern, r)
		used[r] = true
	}
	for _, r := range routes {
		require.True(t, used[r], "%s leads to %s, which has no such operation", r, owners[r])
	}
}

// requestOf is a request that the operation takes.
func requestOf(op httpapi.Operation) (method, path string) { return requestTo(op.Route) }

// requestTo is a request that fits a pattern, with a value for each of its parameters.
func requestTo(pattern string) (method, path string) {
	method, path, _ = strings.Cut(pattern, " ")
	path = strings.TrimSuffix(path, "{$}")
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if strings.HasPrefix(segment, "{") {
			segments[i] = "value-of-" + strings.Trim(segment, "{}")
		}
	}
	return method, strings.Join(segments, "/")
}

// match finds the route that an HTTP API takes: a full match before a greedy one
// before the default route; among full matches a literal segment before a
// parameter, the longer greedy path before the shorter; a method before ANY.
func match(routes []route, method, path string) (route, bool) {
	var best route
	bestRank := ""
	for _, r := range routes {
		if rank := rankOf(r, method, path); rank > bestRank {
			best, bestRank = r, rank
		}
	}
	return best, bestRank != ""
}

// rankOf orders matching routes as texts do; empty is no match.
func rankOf(r route, method, path string) string {
	if r.method == "" {
		return "0"
	}
	if r.method != method && r.method != "ANY" {
		return ""
	}
	want, have := strings.Split(r.path, "/"), strings.Split(path, "/")
	rank, kind := "", "2"
	for i, segment := range want {
		switch {
		case strings.HasSuffix(segment, "+}"):
			if i >= len(have) || have[i] == "" {
				return ""
			}
			kind, have = "1", have[:i+1]
		case i >= len(have):
			return ""
		case strings.HasPrefix(segment, "{") && have[i] != "":
			rank += "1"
		case segment == have[i]:
			rank += "2"
		default:
			return ""
		}
	}
	if len(want) != len(have) {
		return ""
	}
	if r.method == method {
		return kind + rank + "1"
	}
	return kind + rank + "0"
}

// The examples are those of the API Gateway developer guide, and what follows
// from its rules.
func TestPrecedence(t *testing.T) {
	routes := []route{
		{"GET", "/pets/dog/1"},
		{"GET", "/pets/dog/{id}"},
		{"GET", "/pets/{proxy+}"},
		{"ANY", "/pets/dog/1"},
		{"ANY", "/{proxy+}"},
		{},
	}
	for request, want := range map[string]string{
		"GET /pets/dog/1":  "GET /pets/dog/1",
		"POST /pets/dog/1": "ANY /pets/dog/1",
		"GET /pets/dog/2":  "GET /pets/dog/{id}",
		"GET /pets/cat/1":  "GET /pets/{proxy+}",
		"POST /test/5":     "ANY /{proxy+}",
		"POST /":           "$default",
	} {
		method, path, _ := strings.Cut(request, " ")
		got, ok := match(routes, method, path)
		require.True(t, ok, request)
		require.Equal(t, want, got.String(), request)
	}
	_, ok := match(routes[:3], "POST", "/pets/dog/1")
	require.False(t, ok)
}

func TestFoldersTemplateAndEventsAgree(t *testing.T) {
	var declared []string
	for _, f := range functions(t) {
		declared = append(declared, f.folder)
	}
	var folders []string
	entries, err := os.ReadDir(filepath.Join(root, "functions"))
	require.NoError(t, err)
	for _, entry := range entries {
		folders = append(folders, entry.Name())
	}
	require.ElementsMatch(t, folders, declared, "functions/ and template.yaml")

	files, err := events.Files.ReadDir(".")
	require.NoError(t, err)
	exemplified := map[string]bool{}
	for _, file := range files {
		exemplified[functionOf(t, file.Name())] = true
	}
	for _, folder := range folders {
		require.True(t, exemplified[folder], "events/ has no example for %s", folder)
	}

	text, err := os.ReadFile(filepath.Join(root, "env.json"))
	require.NoError(t, err)
	var env map[string]map[string]string
	require.NoError(t, json.Unmarshal(text, &env))
	for _, f := range functions(t) {
		backend := "remote"
		if f.folder == "deliver" || f.folder == "mns" { // a remote delivers by itself, and has no named subscriptions
			backend = "aws"
		}
		require.Equal(t, backend, env[f.id]["TOCSIN_BACKEND"], "env.json for %s", f.id)
	}
	require.Len(t, env, len(folders))
}

// functionOf is the function that an event is named after.
func functionOf(t *testing.T, event string) string {
	t.Helper()
	name, best := strings.TrimSuffix(event, ".json"), ""
	for _, f := range functions(t) {
		if (name == f.folder || strings.HasPrefix(name, f.folder+"-")) && len(f.folder) > len(best) {
			best = f.folder
		}
	}
	require.NotEmpty(t, best, "%s is named after no function", event)
	return best
}
