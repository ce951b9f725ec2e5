package iam

import (
	"crypto/sha256"
	"encoding/hex"
)

// OneUser is the smallest installation: one user of one project, as a handful of
// settings names them.
type OneUser struct {
	Domain      string // name of the account
	User        string
	Password    string
	AccessKey   string // empty for none
	SecretKey   string
	ProjectID   string
	ProjectName string
}

// Account is the user that the settings describe. The ids of domain and user
// follow from their names, so that they stay the same.
func (o OneUser) Account() User {
	u := User{
		ID:       idOf("user", o.Domain, o.User),
		Name:     o.User,
		Domain:   Domain{ID: idOf("domain", o.Domain), Name: o.Domain},
		Password: o.Password,
		Projects: []Project{{ID: o.ProjectID, Name: o.ProjectName}},
	}
	if o.AccessKey != "" || o.SecretKey != "" {
		u.Keys = []AccessKey{{Access: o.AccessKey, Secret: o.SecretKey}}
	}
	return u
}

func idOf(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
