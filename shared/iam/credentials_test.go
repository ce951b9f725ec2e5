package iam

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// someHash is that of "first-password".
const someHash = "$2a$10$6ceeWx6/1CC190Rk2uI7YuKGTn.ZZMjf1Hg2PIyYQrzLtjIeup4yi"

const sampleCredentials = `{"domains": [
  {
    "name": "acme",
    "projects": [{"name": "eu-de", "id": "0123456789abcdef0123456789abcdef"}, {"name": "eu-nl"}],
    "users": [
      {"name": "alice", "password": "` + someHash + `", "totp": "GEZD GNBV GY3T QOJQ", "projects": ["eu-nl", "eu-de"]},
      {"name": "robot", "id": "robot-1", "keys": [{"access": "AK", "secret": "sk-secret"}, {"access": "AK2", "secret": "sk-second"}]}
    ],
    "agencies": [{"name": "support", "trusts": "partner", "projects": ["eu-de"]}]
  },
  {
    "name": "partner", "id": "d2",
    "projects": [{"name": "eu-de"}],
    "users": [{"name": "alice", "password": "` + someHash + `"}]
  }
]}`

func TestParseCredentials(t *testing.T) {
	users, agencies, err := ParseCredentials([]byte(sampleCredentials))
	require.NoError(t, err)
	acme, partner := Domain{idOf("domain", "acme"), "acme"}, Domain{"d2", "partner"}
	first, second := Project{"0123456789abcdef0123456789abcdef", "eu-de"}, Project{idOf("project", "acme", "eu-nl"), "eu-nl"}
	require.Equal(t, []User{
		{ID: idOf("user", "acme", "alice"), Name: "alice", Domain: acme, PasswordHash: someHash, TOTP: []byte("1234567890"), Projects: []Project{second, first}},
		{ID: "robot-1", Name: "robot", Domain: acme, Projects: []Project{first, second}, Keys: []AccessKey{{"AK", "sk-secret"}, {"AK2", "sk-second"}}},
		{ID: idOf("user", "partner", "alice"), Name: "alice", Domain: partner, PasswordHash: someHash, Projects: []Project{{idOf("project", "partner", "eu-de"), "eu-de"}}},
	}, users)
	require.Equal(t, []Agency{{Name: "support", Domain: acme, Trusts: partner, Projects: []Project{first}}}, agencies)

	_, err = New(Config{Users: users, Agencies: agencies, TokenKey: tokenKey})
	require.NoError(t, err)
}

// The one user of the settings keeps its ids when it moves into a file.
func TestCredentialsKeepTheIDsOfOneUser(t *testing.T) {
	one := OneUser{Domain: "acme", User: "alice", Password: "x", ProjectID: projectA, ProjectName: "eu-de"}.Account()
	users, _, err := ParseCredentials([]byte(sampleCredentials))
	require.NoError(t, err)
	require.Equal(t, one.ID, users[0].ID)
	require.Equal(t, one.Domain, users[0].Domain)
}

func TestParseCredentialsRefuses(t *testing.T) {
	for name, c := range map[string]struct{ old, instead, want string }{
		"plain password":       {`"password": "` + someHash, `"password": "hunter-two`, "domains[0].users[0].password: this is no bcrypt hash"},
		"cheap hash":           {"$2a$10$", "$2a$04$", "domains[0].users[0].password: the bcrypt hash has cost 4"},
		"number for a text":    {`"id": "robot-1"`, `"id": 1`, "domains[0].users[1].id: this must be a text"},
		"object for a list":    {`[{"access": "AK", "secret": "sk-secret"}, {"access": "AK2", "secret": "sk-second"}]`, `{"AK": "sk-secret"}`, "domains[0].users[1].keys: this must be a list"},
		"text for an object":   {`{"access": "AK", "secret": "sk-secret"}`, `"sk-secret"`, "domains[0].users[1].keys[0]: this must be an object"},
		"unknown field":        {`"secret": "sk-secret"`, `"secret": "sk-secret", "sk-secret": 1`, "domains[0].users[1].keys[0]: it has a field that is not known"},
		"unknown field on top": {`{"domains"`, `{"users": [], "domains"`, "credentials: it has a field that is not known; known are domains"},
		"field of others":      {`"trusts"`, `"secret"`, "domains[0].agencies[0]: it has a field that is not known; known are name, trusts, projects"},
		"field twice":          {`"secret": "sk-secret"`, `"secret": "sk-other", "secret": "sk-secret"`, "domains[0].users[1].keys[0]: a field is there twice"},
		"upper case":           {`"password"`, `"Password"`, "domains[0].users[0]: it has a field that is not known"},
		"no secret":            {`, "secret": "sk-secret"`, ``, "domains[0].users[1].keys[0].secret: it is missing"},
		"no access key":        {`"access": "AK", `, ``, "domains[0].users[1].keys[0].access: want"},
		"access key twice":     {`"AK2"`, `"AK"`, "domains[0].users[1].keys[1].access: another one has the same access"},
		"user twice":           {`"name": "robot"`, `"name": "alice"`, "domains[0].users[1].name: another one has the same name"},
		"user id twice":        {`"id": "robot-1"`, `"id": "` + idOf("user", "acme", "alice") + `"`, "domains[0].users[1].id: another one has the same id"},
		"domain twice":         {`"name": "partner"`, `"name": "acme"`, "domains[1].name: another one has the same name"},
		"domain id twice":      {`"id": "d2"`, `"id": "` + idOf("domain", "acme") + `"`, "domains[1].id: another one has the same id"},
		"project twice":        {`{"name": "eu-nl"}`, `{"name": "eu-de"}`, "domains[0].projects[1].name: another one has the same name"},
		"project id elsewhere": {`[{"name": "eu-de"}]`, `[{"name": "eu-de", "id": "0123456789abcdef0123456789abcdef"}]`, "domains[1].projects[0].id: another one has the same id"},
		"project id malformed": {`"0123456789abcdef0123456789abcdef"`, `"0123"`, "domains[0].projects[0].id: want 32"},
		"no projects":          {`"projects": [{"name": "eu-de"}],`, ``, "domains[1].projects: a domain needs a project"},
		"unknown project":      {`["eu-nl", "eu-de"]`, `["eu-fr"]`, "domains[0].users[0].projects: want names of projects"},
		"project named twice":  {`["eu-nl", "eu-de"]`, `["eu-nl", "eu-nl"]`, "domains[0].users[0].projects: a project is there twice"},
		"project as a number":  {`["eu-nl", "eu-de"]`, `[1]`, "domains[0].users[0].projects[0]: this must be a text"},
		"no user name":         {`"name": "robot", `, ``, "domains[0].users[1].name: want 1 to 255"},
		"no domain name":       {`"name": "partner", `, ``, "domains[1].name: want 1 to 255"},
		"no credential":        {`, "password": "` + someHash + `"}]`, `}]`, "domains[1].users[0]: there is neither"},
		"device without login": {`"id": "robot-1"`, `"totp": "GEZDGNBVGY3TQOJQ"`, "domains[0].users[1].totp: a passcode is asked for beside a password"},
		"device malformed":     {`"GEZD GNBV GY3T QOJQ"`, `"sk-secret"`, "domains[0].users[0].totp: this is no base32"},
		"trusts nobody":        {`"trusts": "partner"`, `"trusts": "stranger"`, "domains[0].agencies[0].trusts: want the name of one of these domains"},
		"agency without name":  {`"name": "support", `, ``, "domains[0].agencies[0].name"},
		"broken":               {`"eu-nl"}]`, `"eu-nl"]`, "credentials: line 4: this is no JSON"},
		"more behind it":       {"\n]}", "\n]} {}", "something follows the JSON object"},
		"not UTF-8":            {"robot-1", "\xff", "not UTF-8"},
		"control in a name":    {`"robot"`, `"ro\u0007bot"`, "domains[0].users[1].name: want"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, sampleCredentials, c.old)
			text := strings.Replace(sampleCredentials, c.old, c.instead, 1)
			users, agencies, err := ParseCredentials([]byte(text))
			require.ErrorContains(t, err, c.want)
			require.Nil(t, users)
			require.Nil(t, agencies)
			showsNothing(t, err)
		})
	}
	for text, want := range map[string]string{
		"":                  "line 1: this is no JSON",
		"[]":                "this must be an object",
		"null":              "this must be an object",
		"{}":                "domains: there is no user",
		`{"domains": null}`: "domains: there is no user",
		`{"domains": [1]}`:  "domains[0]: this must be an object",
		strings.Repeat(`[`, 100) + strings.Repeat(`]`, 100): "nests too deeply",
	} {
		_, _, err := ParseCredentials([]byte(text))
		require.ErrorContains(t, err, want, text)
	}
}

// showsNothing holds an error to one line without any of the secrets.
func showsNothing(t *testing.T, err error) {
	t.Helper()
	for _, secret := range []string{"\n", "hunter", "sk-", "6ceeWx6", "GEZD"} {
		require.NotContains(t, err.Error(), secret)
	}
}

func FuzzParseCredentials(f *testing.F) {
	f.Add([]byte(sampleCredentials))
	f.Add([]byte(`{"domains":[{"name":"a","projects":[{"name":"p"}],"users":[{"name":"u","keys":[{"access":"A","secret":"s"}]}]}]}`))
	f.Add([]byte(`{"domains":[{"name":"a","name":"a"`))
	f.Add([]byte(`[[[[`))
	f.Fuzz(func(t *testing.T, text []byte) {
		users, agencies, err := ParseCredentials(text)
		if err != nil {
			var where *CredentialsError
			require.ErrorAs(t, err, &where)
			require.NotContains(t, err.Error(), "\n")
			return
		}
		require.True(t, json.Valid(text))
		_, err = New(Config{Users: users, Agencies: agencies, TokenKey: tokenKey})
		require.NoError(t, err, "what is read is taken")
	})
}
