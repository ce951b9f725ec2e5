package iam

import (
	"slices"

	"tocsin/shared/smn"
)

// The fields of credentials, by the object that they stand in.
var (
	rootFields    = []string{"domains"}
	domainFields  = []string{"name", "id", "projects", "users", "agencies"}
	projectFields = []string{"name", "id"}
	userFields    = []string{"name", "id", "password", "totp", "keys", "projects"}
	keyFields     = []string{"access", "secret"}
	agencyFields  = []string{"name", "trusts", "projects"}

	credentialFields = slices.Concat(rootFields, domainFields, projectFields, userFields, keyFields, agencyFields)
)

// ParseCredentials reads the users and agencies of an installation from JSON:
//
//	{"domains": [{
//	  "name": "acme",
//	  "projects": [{"name": "eu-de", "id": "0123456789abcdef0123456789abcdef"}],
//	  "users": [{
//	    "name": "alice", "password": "$2a$12$…", "totp": "JBSWY3DPEHPK3PXP",
//	    "keys": [{"access": "…", "secret": "…"}], "projects": ["eu-de"]
//	  }],
//	  "agencies": [{"name": "support", "trusts": "partner", "projects": ["eu-de"]}]
//	}]}
//
// A domain and a user may have an id as well; ids that are left out follow from
// the names. A user or an agency without projects has all of its domain. A
// password is its bcrypt hash, as HashPassword makes it.
//
// It is strict: what it does not know and what is there twice are errors. Errors
// are one line, a *CredentialsError wherever the place is known, and show no
// value. What it returns an Authority takes.
func ParseCredentials(text []byte) ([]User, []Agency, error) {
	root, err := parseTree(text)
	if err != nil {
		return nil, nil, err
	}
	root.only(rootFields...)
	c := credentials{paths: map[string]bool{}}
	domains := root.list("domains")
	for _, t := range domains {
		c.domain(t)
	}
	for i, t := range domains {
		c.members(t, c.domains[i])
	}
	if len(c.users) == 0 {
		root.fail("domains", "there is no user")
	}
	if *root.fault != nil {
		return nil, nil, *root.fault
	}
	return c.users, c.agencies, nil
}

// credentials is what has been read so far.
type credentials struct {
	domains  []domain
	users    []User
	agencies []Agency
	paths    map[string]bool // what must be there once only, as unique names it
}

// domain is a domain and its projects.
type domain struct {
	Domain
	projects []Project
}

// once notes a fault if a value of one kind was there before.
func (c *credentials) once(t tree, field, kind, value string) {
	if key := kind + "\x00" + value; c.paths[key] {
		t.fail(field, "another one has the same "+field)
	} else {
		c.paths[key] = true
	}
}

// domain reads a domain and its projects.
func (c *credentials) domain(t tree) {
	t.only(domainFields...)
	d := domain{Domain: Domain{ID: t.text("id"), Name: t.text("name")}}
	if d.ID == "" {
		d.ID = idOf("domain", d.Name)
	}
	checkText(t, "name", isName(d.Name), wantName)
	checkText(t, "id", isUserID(d.ID), wantID)
	c.once(t, "name", "domain name", d.Name)
	c.once(t, "id", "domain id", d.ID)
	for _, t := range t.list("projects") {
		t.only(projectFields...)
		p := Project{ID: t.text("id"), Name: t.text("name")}
		if p.ID == "" {
			p.ID = idOf("project", d.Name, p.Name)
		}
		checkText(t, "name", isName(p.Name), wantName)
		checkText(t, "id", smn.IsID(p.ID), wantProjectID)
		c.once(t, "name", "project name\x00"+d.ID, p.Name)
		c.once(t, "id", "project id", p.ID)
		d.projects = append(d.projects, p)
	}
	if len(d.projects) == 0 {
		t.fail("projects", "a domain needs a project")
	}
	c.domains = append(c.domains, d)
}

// members reads the users and agencies of a domain, when all domains are known.
func (c *credentials) members(t tree, d domain) {
	for _, t := range t.list("users") {
		c.user(t, d)
	}
	for _, t := range t.list("agencies") {
		t.only(agencyFields...)
		g := Agency{Name: t.text("name"), Domain: d.Domain, Projects: d.choose(t)}
		checkText(t, "name", isName(g.Name), wantName)
		c.once(t, "name", "agency name\x00"+d.ID, g.Name)
		trusts := t.text("trusts")
		i := slices.IndexFunc(c.domains, func(d domain) bool { return d.Name == trusts })
		if i < 0 {
			t.fail("trusts", "want the name of one of these domains")
			continue
		}
		g.Trusts = c.domains[i].Domain
		c.agencies = append(c.agencies, g)
	}
}

func (c *credentials) user(t tree, d domain) {
	t.only(userFields...)
	u := User{
		ID: t.text("id"), Name: t.text("name"), Domain: d.Domain,
		PasswordHash: t.text("password"), Projects: d.choose(t),
	}
	if u.ID == "" {
		u.ID = idOf("user", d.Name, u.Name)
	}
	checkText(t, "name", isName(u.Name), wantName)
	checkText(t, "id", isUserID(u.ID), wantID)
	c.once(t, "name", "user name\x00"+d.ID, u.Name)
	c.once(t, "id", "user id", u.ID)
	if u.PasswordHash != "" {
		if _, err := costOf(u.PasswordHash); err != nil {
			t.fail("password", err.Error())
		}
	}
	if secret := t.text("totp"); secret != "" {
		var err error
		if u.TOTP, err = ParseTOTPSecret(secret); err != nil {
			t.fail("totp", err.Error())
		}
		if u.PasswordHash == "" {
			t.fail("totp", "a passcode is asked for beside a password, and there is none")
		}
	}
	for _, t := range t.list("keys") {
		t.only(keyFields...)
		k := AccessKey{Access: t.text("access"), Secret: t.text("secret")}
		checkText(t, "access", isAccessKey(k.Access), wantAccessKey)
		checkText(t, "secret", k.Secret != "", "it is missing")
		c.once(t, "access", "access key", k.Access)
		u.Keys = append(u.Keys, k)
	}
	if u.PasswordHash == "" && len(u.Keys) == 0 {
		t.fail("", "there is neither a password nor an access key")
	}
	c.users = append(c.users, u)
}

// choose reads names of projects of the domain; none named are all.
func (d domain) choose(t tree) []Project {
	names := t.texts("projects")
	if len(names) == 0 {
		return d.projects
	}
	var chosen []Project
	for _, name := range names {
		i := slices.IndexFunc(d.projects, func(p Project) bool { return p.Name == name })
		switch {
		case i < 0:
			t.fail("projects", "want names of projects of the domain")
		case slices.Contains(chosen, d.projects[i]):
			t.fail("projects", "a project is there twice")
		default:
			chosen = append(chosen, d.projects[i])
		}
	}
	return chosen
}

const (
	wantName      = "want 1 to 255 bytes of text without control characters"
	wantID        = "want 1 to 64 letters, digits, hyphens and underscores"
	wantProjectID = "want 32 lower-case hex characters"
	wantAccessKey = "want 1 to 64 printable ASCII characters without space , ; = /"
)

func checkText(t tree, field string, ok bool, want string) {
	if !ok {
		t.fail(field, want)
	}
}
