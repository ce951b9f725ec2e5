package iam

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
)

func TestOneUser(t *testing.T) {
	settings := OneUser{
		Domain: "tocsin", User: "admin", Password: "secret", AccessKey: "AK", SecretKey: "SK",
		ProjectID: "0123456789abcdef0123456789abcdef", ProjectName: "local",
	}
	account := settings.Account()
	require.Equal(t, account, settings.Account(), "the ids stay the same")
	require.NotEqual(t, account.ID, account.Domain.ID)
	a, err := New(Config{Users: []User{account}, TokenKey: make([]byte, keySize)})
	require.NoError(t, err)
	token, err := a.IssueToken(t.Context(), TokenRequest{Methods: []string{MethodPassword}, User: Login{Name: "admin", Password: "secret"}})
	require.NoError(t, err)
	require.Equal(t, Project{ID: settings.ProjectID, Name: "local"}, token.Project)
}

func TestUserWithKeysOnlyCannotLogIn(t *testing.T) {
	settings := OneUser{
		Domain: "tocsin", User: "robot", AccessKey: "AK", SecretKey: "SK",
		ProjectID: "0123456789abcdef0123456789abcdef", ProjectName: "local",
	}
	a, err := New(Config{Users: []User{settings.Account()}, TokenKey: make([]byte, keySize)})
	require.NoError(t, err)
	r := httptest.NewRequest("GET", "/v2/"+settings.ProjectID+"/notifications/topics", nil)
	Sign(r, nil, AccessKey{Access: "AK", Secret: "SK"}, time.Now())
	caller, err := a.Authenticate(t.Context(), r, nil)
	require.NoError(t, err)
	require.Equal(t, settings.ProjectID, caller.Project)
	for _, password := range []string{"", "x"} {
		_, err = a.IssueToken(t.Context(), TokenRequest{Methods: []string{MethodPassword}, User: Login{Name: "robot", Password: password}})
		require.Contains(t, []smn.Code{smn.Unreadable, smn.Unauthenticated}, smn.CodeOf(err))
	}
}
