package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"tocsin/internal/demo"
	"tocsin/shared/client"
	"tocsin/shared/iam"
	"tocsin/shared/smn"
)

// aliceHash is that of "first-password".
const aliceHash = "$2a$10$6ceeWx6/1CC190Rk2uI7YuKGTn.ZZMjf1Hg2PIyYQrzLtjIeup4yi"

const sampleYAML = `# who may call
domains:
  - name: acme
    projects:
      - {name: eu-de, id: 0123456789abcdef0123456789abcdef}
      - name: "42"
    users:
      - name: alice
        password: ` + aliceHash + `
        projects: [eu-de]
      - name: robot
        keys:
          - access: AKROBOT
            secret: sk-robot-secret
    agencies:
      - {name: support, trusts: partner}
  - name: partner
    projects: [{name: eu-de}]
    users:
      - {name: paul, password: ` + aliceHash + `}
`

func TestCredentialsInYAMLAndJSON(t *testing.T) {
	users, agencies, err := parseCredentials([]byte(sampleYAML))
	require.NoError(t, err)
	require.Len(t, users, 3)
	require.Equal(t, "alice", users[0].Name)
	require.Equal(t, []iam.AccessKey{{Access: "AKROBOT", Secret: "sk-robot-secret"}}, users[1].Keys)
	require.Equal(t, "42", users[1].Projects[1].Name)
	require.Equal(t, "partner", agencies[0].Trusts.Name)

	asJSON, _, err := fromYAML([]byte(sampleYAML))
	require.NoError(t, err)
	again, _, err := parseCredentials(append([]byte("\n\t"), asJSON...))
	require.NoError(t, err)
	require.Equal(t, users, again)
}

func TestCredentialsErrorsNameTheLine(t *testing.T) {
	for name, c := range map[string]struct{ old, instead, want string }{
		"plain password":  {aliceHash, "hunter-two", "line 9: credentials: domains[0].users[0].password: this is no bcrypt hash"},
		"number":          {`"42"`, `42`, "line 6: this must be a text; put it in quotes"},
		"date":            {`"42"`, `2024-01-02`, "line 6: this must be a text; put it in quotes"},
		"truth":           {`"42"`, `true`, "line 6: this must be a text; put it in quotes"},
		"unknown field":   {"secret: sk", "sk-robot: sk", "line 13: credentials: domains[0].users[1].keys[0]: it has a field that is not known"},
		"missing field":   {"            secret: sk-robot-secret\n", "", "line 13: credentials: domains[0].users[1].keys[0].secret: it is missing"},
		"field twice":     {"secret: sk-robot-secret", "access: sk-robot-secret", "line 13: credentials: domains[0].users[1].keys[0]: a field is there twice"},
		"alias":           {"[eu-de]", "&x [eu-de]\n        totp: *x", "line 11: aliases are not taken"},
		"merge":           {"name: partner", "<<: {name: partner}", "the name of a field must be a short text"},
		"tag":             {`"42"`, `!!binary aHVudGVy`, "line 6: this must be a text"},
		"broken":          {"  - name: acme", "  - name: [acme", "this is no YAML"},
		"more documents":  {"domains:", "---\na: b\n---\ndomains:", "more than one YAML document"},
		"tab":             {"    projects:\n", "\tprojects:\n", "this is no YAML"},
		"nothing":         {sampleYAML, "", "the file is empty"},
		"only a comment":  {sampleYAML, "# nobody", "the file is empty"},
		"a text":          {sampleYAML, "hunter-two", "line 1: credentials: this must be an object"},
		"broken JSON":     {sampleYAML, "{\n\"hunter\": x", "line 2: this is no JSON"},
		"null for a text": {"name: acme", "name:", "line 3: credentials: domains[0].name: want 1 to 255"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, sampleYAML, c.old)
			_, _, err := parseCredentials([]byte(strings.Replace(sampleYAML, c.old, c.instead, 1)))
			require.ErrorContains(t, err, c.want)
			for _, secret := range []string{"\n", "hunter", "sk-robot", "6ceeWx"} {
				require.NotContains(t, err.Error(), secret)
			}
		})
	}
}

func FuzzCredentialsFile(f *testing.F) {
	f.Add([]byte(sampleYAML))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("{"))
	f.Add([]byte("? [a]\n: b\n--- !!map {}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		users, agencies, err := parseCredentials(text)
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			require.Less(t, len(err.Error()), 400)
			return
		}
		_, err = iam.New(iam.Config{Users: users, Agencies: agencies, TokenKey: make([]byte, 32)})
		require.NoError(t, err)
	})
}

// TestLook writes the file in the ways of editors and orchestrators.
func TestLook(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "users.yaml")
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	without := strings.Replace(sampleYAML, "name: alice", "name: alicia", 1)
	write("users.yaml", sampleYAML)
	var log bytes.Buffer
	f := &credentialsFile{path: path, log: slog.New(slog.NewTextHandler(&log, nil))}
	_, _, err := f.open()
	require.NoError(t, err)
	var taken []string
	refuse := false
	looks := func(n int) {
		for range n {
			f.look(t.Context(), func(users []iam.User, _ []iam.Agency) error {
				if refuse {
					return errors.New("refused")
				}
				taken = append(taken, users[0].Name)
				return nil
			})
		}
	}
	looks(3)
	require.Empty(t, taken, "nothing has changed")

	write("users.yaml", without)
	looks(1)
	require.Empty(t, taken, "the file may still be written")
	looks(1)
	require.Equal(t, []string{"alicia"}, taken)

	write("new.yaml", sampleYAML) // as editors do
	require.NoError(t, os.Rename(filepath.Join(dir, "new.yaml"), path))
	looks(2)
	require.Equal(t, []string{"alicia", "alice"}, taken)

	write("other.yaml", without) // as Kubernetes does
	require.NoError(t, os.Remove(path))
	require.NoError(t, os.Symlink("other.yaml", path))
	looks(2)
	require.Equal(t, []string{"alicia", "alice", "alicia"}, taken)

	require.Zero(t, strings.Count(log.String(), "ERROR"))
	write("other.yaml", "domains: [")
	looks(5)
	require.Equal(t, 1, strings.Count(log.String(), "ERROR"), "it is told once")
	require.NoError(t, os.Remove(path))
	looks(5)
	require.Equal(t, 2, strings.Count(log.String(), "ERROR"), "and so is that it is gone")
	require.Len(t, taken, 3)
	write("users.yaml", without)
	looks(2)
	require.Len(t, taken, 4, "a repaired one works, even if it is as before")

	refuse = true
	write("users.yaml", sampleYAML)
	looks(5)
	require.Equal(t, 3, strings.Count(log.String(), "ERROR"))
	require.Contains(t, log.String(), "refused")
}

func TestCredentialsThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large")
	require.NoError(t, os.WriteFile(large, make([]byte, maxCredentials+1), 0o600))
	for path, want := range map[string]string{
		filepath.Join(dir, "none"): "no such file", dir: "is no regular file", large: "8 MiB",
		os.DevNull: "is no regular file", // a pipe would not even open, nor let the program end
	} {
		_, _, err := (&credentialsFile{path: path}).open()
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "TOCSIN_CREDENTIALS")
	}
}

func TestCredentialsReplaceTheOneUser(t *testing.T) {
	loopback, open := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80}, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80}
	s := parsed(t).settings
	require.Equal(t, laptop, s.user(), "the defaults are those of the laptop")
	s.credentials = "users.yaml"
	require.NoError(t, s.complete(loopback))
	s = parsed(t).settings
	s.credentials = "users.yaml"
	require.NoError(t, s.complete(open), "there is no well-known password then")
	for _, flag := range []string{"-user", "-domain", "-password", "-access-key", "-secret-key", "-project-name"} {
		s := parsed(t, flag, "own").settings
		s.credentials = "users.yaml"
		require.ErrorContains(t, s.complete(loopback), "TOCSIN_CREDENTIALS replaces", flag)
	}
	require.ErrorContains(t, run(t.Context(), []string{"serve", "-credentials", "x", "-sample", "y"}, io.Discard), "-sample is for the one user")
}

func TestHashPassword(t *testing.T) {
	for _, c := range []struct{ in, password string }{{"secret\n", "secret"}, {"secret", "secret"}, {" two words \r\nmore", " two words "}} {
		var out bytes.Buffer
		require.NoError(t, hashPassword(strings.NewReader(c.in), &out))
		hash, more := strings.CutSuffix(out.String(), "\n")
		require.True(t, more)
		require.NoError(t, bcrypt.CompareHashAndPassword([]byte(hash), []byte(c.password)))
	}
	for _, in := range []string{"", "\n", strings.Repeat("x", 73), strings.Repeat("x", 5000)} {
		require.Error(t, hashPassword(strings.NewReader(in), io.Discard))
	}
}

// TestCredentialsOfTheRealBinary: a user who is taken out of the file is out,
// token and key, while the process runs; a broken file changes nothing.
func TestCredentialsOfTheRealBinary(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "users.yaml")
	replace := func(text string) {
		require.NoError(t, os.WriteFile(path+".new", []byte(text), 0o600))
		require.NoError(t, os.Rename(path+".new", path))
	}
	replace(sampleYAML)
	p := launch(t, filepath.Join(dir, "data"), "TOCSIN_CREDENTIALS="+path)

	const project = "0123456789abcdef0123456789abcdef"
	url := p.URL()
	login := func(password string) (iam.Token, error) {
		c, err := client.New(client.Config{Endpoint: url})
		require.NoError(t, err)
		return c.IssueToken(t.Context(), iam.TokenRequest{
			Methods: []string{iam.MethodPassword}, User: iam.Login{Name: "alice", Domain: iam.Domain{Name: "acme"}, Password: password},
		})
	}
	token, err := login("first-password")
	require.NoError(t, err)
	require.Equal(t, project, token.Project.ID)
	_, err = login("other")
	require.Equal(t, smn.Unauthenticated, smn.CodeOf(err))

	robot, err := client.New(client.Config{Endpoint: url, Credential: client.AccessKey{Access: "AKROBOT", Secret: "sk-robot-secret", Project: project}})
	require.NoError(t, err)
	_, err = robot.CreateTopic(t.Context(), smn.CreateTopicInput{Name: "kept"})
	require.NoError(t, err)
	works := func() bool {
		status, _ := get(t, fmt.Sprintf("%s/v2/%s/notifications/topics", url, project), func(r *http.Request) { r.Header.Set("X-Auth-Token", token.Value) })
		require.Contains(t, []int{http.StatusOK, http.StatusUnauthorized}, status)
		return status == http.StatusOK
	}
	require.True(t, works())

	becomes := func(want bool) {
		t.Helper()
		_, err := demo.Await(t.Context(), "the credentials to change", func() (struct{}, bool, error) { return struct{}{}, works() == want, nil })
		require.NoError(t, err)
	}
	replace(strings.Replace(sampleYAML, "name: alice", "name: alicia", 1))
	becomes(false)
	_, err = login("first-password")
	require.Equal(t, smn.Unauthenticated, smn.CodeOf(err))
	_, err = robot.GetTopic(t.Context(), smn.TopicInput{TopicURN: "urn:smn:local:" + project + ":kept"})
	require.NoError(t, err, "the others stay")
	replace(sampleYAML)
	becomes(true)
	replace("domains: [")
	require.True(t, works())
}

// TestDocumentedCredentials reads the example of the documents.
func TestDocumentedCredentials(t *testing.T) {
	page, err := os.ReadFile("../../docs/configuration.md")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(page), "```yaml\n")
	require.True(t, found)
	example, _, _ := strings.Cut(rest, "```")
	users, agencies, err := parseCredentials([]byte(example))
	require.NoError(t, err)
	require.Len(t, users, 3)
	require.Len(t, agencies, 1)
}
