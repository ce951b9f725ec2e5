package sam

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// tool gives a command of the SAM CLI, which `make sam-check` installs.
func tool(t *testing.T, name string, arguments ...string) *exec.Cmd {
	t.Helper()
	if testing.Short() {
		t.Skip("runs the SAM CLI: left out with -short")
	}
	installed := filepath.Join(Root(), ".cache", "sam")
	if _, err := os.Stat(filepath.Join(installed, ".done")); err != nil {
		const hint = "the SAM CLI is not installed: run make sam-check"
		if os.Getenv("TOCSIN_CI") != "" {
			t.Fatal(hint)
		}
		t.Skip(hint)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(installed, "bin", name), arguments...)
	cmd.Dir = Root()
	cmd.Env = append(os.Environ(), "AWS_DEFAULT_REGION=eu-west-1", "SAM_CLI_TELEMETRY=0", "__SAM_CLI_APP_DIR="+t.TempDir())
	return cmd
}

func TestValidate(t *testing.T) {
	Read(t) // so that go's cache of results knows what this depends on
	out, err := tool(t, "sam", "validate", "--lint").CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// transformed is what CloudFormation gets to see.
func transformed(t *testing.T) Template {
	t.Helper()
	cmd := tool(t, "python", filepath.Join("internal", "sam", "transform.py"))
	source, err := os.Open(filepath.Join(Root(), "template.yaml"))
	require.NoError(t, err)
	defer func() { require.NoError(t, source.Close()) }()
	cmd.Stdin = source
	var faults bytes.Buffer
	cmd.Stderr = &faults
	out, err := cmd.Output()
	require.NoError(t, err, "%s", faults.String())
	var template Template
	require.NoError(t, json.Unmarshal(out, &template))
	return template
}

func TestTransformed(t *testing.T) {
	template := transformed(t)
	require.Less(t, len(template.Resources), 400, "CloudFormation takes 500")
	require.Empty(t, circle(template.Resources))
	eachStack(t, template, func(t *testing.T, s *Stack) {
		require.Empty(t, s.Missing)
		sizes := resourcePolicies(t, s)
		require.Contains(t, sizes, "LinksFunction")
		for function, size := range sizes {
			require.Less(t, size, 20_480, function)
		}
		t.Logf("%d resources, policy of the function with most routes: %d bytes", len(s.Resources), slices.Max(slices.Collect(maps.Values(sizes))))
		for id, r := range s.Resources {
			switch r["Type"] {
			case "AWS::Scheduler::Schedule":
				require.NotContains(t, r["Properties"], "Name", "a second stack of the account could not have it")
				requireSchedulerMaySend(t, s, r["Properties"].(map[string]any)["Target"].(map[string]any))
			case "AWS::IAM::Role":
				for _, managed := range listOf(r["Properties"].(map[string]any)["ManagedPolicyArns"]) {
					require.Contains(t, s.Resources, managed, "%s: SAM has added what AWS calls enough", id)
				}
			}
		}
	})
}

// requireSchedulerMaySend checks that the role of a schedule may send what fails to the
// queue for that: Scheduler asks the role, and no policy of the queue.
func requireSchedulerMaySend(t *testing.T, s *Stack, target map[string]any) {
	t.Helper()
	role := target["RoleArn"].(string)
	var all []Permission
	for _, document := range s.policies(t, role[strings.LastIndexByte(role, '/')+1:]) {
		for _, statement := range document["Statement"].([]any) {
			all = append(all, permissions(t, statement.(map[string]any))...)
		}
	}
	queue := target["DeadLetterConfig"].(map[string]any)["Arn"].(string)
	require.ElementsMatch(t, []Permission{
		{Action: "lambda:InvokeFunction", Resource: target["Arn"].(string)},
		{Action: "sqs:SendMessage", Resource: queue},
	}, all)
}

// resourcePolicies adds up what Lambda makes of permissions, by function: a
// statement for each in the policy of the function. Its names are as long as can be.
func resourcePolicies(t *testing.T, s *Stack) map[string]int {
	t.Helper()
	sizes := map[string]int{}
	for id, r := range s.Resources {
		if r["Type"] != "AWS::Lambda::Permission" {
			continue
		}
		p := r["Properties"].(map[string]any)
		condition := map[string]any{"ArnLike": map[string]any{"AWS:SourceArn": p["SourceArn"]}}
		if account, ok := p["SourceAccount"]; ok {
			condition["StringEquals"] = map[string]any{"AWS:SourceAccount": account}
		}
		function := p["FunctionName"].(string)
		sizes[function] += 1 + sizeOf(t, map[string]any{
			"Sid": strings.Repeat("s", 40) + id + "-0123456789AB", "Effect": "Allow", "Principal": map[string]any{"Service": p["Principal"]},
			"Action": p["Action"], "Resource": "arn:aws:lambda:ap-southeast-1:123456789012:function:" + strings.Repeat("f", 64), "Condition": condition,
		})
	}
	return sizes
}

// circle finds resources of which each needs the next, and the last the first. What
// CloudFormation refuses only when it deploys is found here.
func circle(resources map[string]map[string]any) []string {
	const (
		begun = 1
		done  = 2
	)
	state, path := map[string]int{}, []string{}
	var visit func(id string) []string
	visit = func(id string) []string {
		switch state[id] {
		case begun:
			return append(slices.Clone(path[slices.Index(path, id):]), id)
		case done:
			return nil
		}
		state[id], path = begun, append(path, id)
		needs := References(resources[id])
		for _, other := range listOf(resources[id]["DependsOn"]) {
			needs = append(needs, other.(string))
		}
		for _, other := range needs {
			if _, ok := resources[other]; !ok {
				continue // a parameter
			}
			if found := visit(other); found != nil {
				return found
			}
		}
		state[id], path = done, path[:len(path)-1]
		return nil
	}
	for _, id := range slices.Sorted(maps.Keys(resources)) {
		if found := visit(id); found != nil {
			return found
		}
	}
	return nil
}

func TestCirclesAreFound(t *testing.T) {
	ref := func(id string) map[string]any { return map[string]any{"Properties": map[string]any{"Ref": id}} }
	require.Empty(t, circle(map[string]map[string]any{"A": ref("B"), "B": ref("C"), "C": ref("Parameter")}))
	require.Equal(t, []string{"B", "C", "B"}, circle(map[string]map[string]any{"A": ref("B"), "B": ref("C"), "C": ref("B")}))
	require.Equal(t, []string{"A", "B", "A"}, circle(map[string]map[string]any{"A": ref("B"), "B": {"DependsOn": "A"}}))
	sub := map[string]any{"Properties": map[string]any{"Fn::Sub": "https://${A}.example.com"}}
	require.Equal(t, []string{"A", "B", "A"}, circle(map[string]map[string]any{"A": ref("B"), "B": sub}))
}

// What `sam build` leaves behind is what the house asks for: light, without what
// keeps all methods of all types, and built with the flags.
func TestBuild(t *testing.T) {
	readsSources(t)
	folder, linked := t.TempDir(), t.TempDir()
	cmd := tool(t, "sam", "build", "--config-env", "local", "--build-dir", folder)
	cmd.Env = append(cmd.Env, "ARCHITECTURE=x86_64", "LINKED="+linked)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)

	functions := 0
	for id, r := range Read(t).Resources {
		if r["Type"] != "AWS::Serverless::Function" {
			continue
		}
		functions++
		bootstrap := filepath.Join(folder, id, "bootstrap")
		file, err := os.Stat(bootstrap)
		require.NoError(t, err)
		require.NotZero(t, file.Mode()&0o111, "it can be run")
		t.Logf("%s: %.2f MB", id, float64(file.Size())/1e6)
		require.Less(t, file.Size(), MaxBootstrap(id), id)

		kept, err := os.ReadFile(filepath.Join(linked, id))
		require.NoError(t, err)
		require.True(t, bytes.Contains(kept, []byte("main.main")), "the linker has told what it keeps")
		require.False(t, bytes.Contains(kept, []byte("<ReflectMethod>")), id)

		info, err := buildinfo.ReadFile(bootstrap)
		require.NoError(t, err)
		settings := map[string]string{}
		for _, setting := range info.Settings {
			settings[setting.Key] = setting.Value
		}
		for key, want := range map[string]string{
			"GOOS": "linux", "GOARCH": "amd64", "CGO_ENABLED": "0", "-trimpath": "true", "-tags": BuildTags(id),
		} {
			require.Equal(t, want, settings[key], "%s: %s", id, key)
		}
	}
	folders, err := filepath.Glob("../../functions/*")
	require.NoError(t, err)
	require.Len(t, folders, functions)
}

// readsSources looks at all that `sam build` builds from, so that go's cache of
// results runs the test again when something has changed, and only then.
func readsSources(t *testing.T) {
	t.Helper()
	files := 0
	for _, name := range []string{"Makefile", "template.yaml", "samconfig.toml", "go.mod", "go.sum", "functions", "shared"} {
		require.NoError(t, filepath.WalkDir(filepath.Join(Root(), name), func(path string, _ fs.DirEntry, err error) error {
			if err == nil {
				files++
				_, err = os.Stat(path)
			}
			return err
		}))
	}
	require.Greater(t, files, 100, fmt.Sprint("the sources were not found at ", Root()))
}
