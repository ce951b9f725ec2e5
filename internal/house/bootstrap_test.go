package house

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/internal/sam"
	"tocsin/shared/httpapi"
)

func TestMakefileBuildsWithTheseFlags(t *testing.T) {
	for _, f := range functions(t) {
		for _, target := range []string{"build/" + f.folder, "functions/" + f.folder, "build-" + f.id} {
			cmd := exec.CommandContext(t.Context(), "make", "--dry-run", target)
			cmd.Dir = root
			recipe, err := cmd.Output()
			require.NoError(t, err)
			require.Contains(t, string(recipe), `-trimpath -ldflags "`+sam.LinkFlags+`" -tags `+sam.BuildTags(f.id)+" ", target)
			require.Contains(t, string(recipe), " ./functions/"+f.folder, target)
		}
	}
}

// Where a method may be called by name through reflection, the linker keeps all
// methods of all types: megabytes that no function uses.
func TestBootstrapsAreLight(t *testing.T) {
	if testing.Short() {
		t.Skip("builds every function: left out with -short")
	}
	for _, f := range functions(t) {
		t.Run(f.folder, func(t *testing.T) {
			bootstrap := filepath.Join(t.TempDir(), "bootstrap")
			// Go gives what a linker said again to who builds the same main next, whatever his
			// flags for the linker. With a flag for the compiler, even -e, this is another main.
			cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-gcflags=-e", "-ldflags", sam.LinkFlags+" -dumpdep", "-tags", sam.BuildTags(f.id), "-o", bootstrap, "./functions/"+f.folder)
			cmd.Dir = root
			cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
			dependencies, err := cmd.CombinedOutput()
			require.NoError(t, err, "%.2000s", dependencies)
			require.Contains(t, string(dependencies), "main.main", "the linker has told what it keeps")
			require.Zero(t, strings.Count(string(dependencies), "<ReflectMethod>"))
			info, err := os.Stat(bootstrap)
			require.NoError(t, err)
			require.Less(t, info.Size(), sam.MaxBootstrap(f.id))
			content, err := os.ReadFile(bootstrap)
			require.NoError(t, err)
			givesDocument := slices.ContainsFunc(mounts(t, f.folder), func(op httpapi.Operation) bool { return op.Name == "get-openapi" })
			require.Equal(t, givesDocument, bytes.Contains(content, []byte(`"operationId": "publish"`)), "only what gives the OpenAPI document carries it")
			sends := bytes.Contains(dependencies, []byte("tocsin/shared/deliver/smtp..inittask"))
			require.Equal(t, f.folder == "deliver", sends, "only what sends carries the ways out")
			t.Logf("%s: %.2f MB", f.folder, float64(info.Size())/1e6)
		})
	}
}

func TestFunctionsCarryNoBallast(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-tags", sam.BuildTags("DeliverFunction"), "./functions/...")
	cmd.Dir = root
	list, err := cmd.Output()
	require.NoError(t, err)
	packages := strings.Fields(string(list))
	require.Contains(t, packages, "github.com/aws/aws-lambda-go/lambda")
	for _, p := range packages {
		for _, ballast := range []string{
			"modernc.org/", "database/sql", "github.com/stretchr/testify", "github.com/prometheus/", "html/template", "text/template", "testing",
			"github.com/aws/aws-sdk-go-v2/config", "github.com/aws/aws-sdk-go-v2/service", "github.com/nyaruka/phonenumbers", "pgregory.net/",
		} {
			require.False(t, p == ballast || strings.HasPrefix(p, strings.TrimSuffix(ballast, "/")+"/"), "functions carry %s", p)
		}
	}
}
