package smtp_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver/smtp"
)

func TestRead(t *testing.T) {
	for url, want := range map[string]smtp.Config{
		"smtp://mail.example.com":                           {Host: "mail.example.com", Port: "587", Security: smtp.Required, Connections: 4},
		"smtp://me:p%40ss@mail.example.com:25/":             {Host: "mail.example.com", Port: "25", Security: smtp.Required, User: "me", Password: "p@ss", Connections: 4},
		"smtps://me%40example.com:x@mail.example.com":       {Host: "mail.example.com", Port: "465", Security: smtp.TLS, User: "me@example.com", Password: "x", Connections: 4},
		"smtp://mail.example.com?starttls=optional":         {Host: "mail.example.com", Port: "587", Security: smtp.Optional, Connections: 4},
		"smtp://mail.example.com?starttls=no&connections=9": {Host: "mail.example.com", Port: "587", Security: smtp.None, Connections: 9},
		"smtps://[2001:db8::1]:2465?connections=64":         {Host: "2001:db8::1", Port: "2465", Security: smtp.TLS, Connections: 64},
		"smtp://localhost:1025":                             {Host: "localhost", Port: "1025", Security: smtp.Optional, Connections: 4},
		"smtp://[::1]:1025":                                 {Host: "::1", Port: "1025", Security: smtp.Optional, Connections: 4},
		"smtp://127.0.0.2:25?starttls=required":             {Host: "127.0.0.2", Port: "25", Security: smtp.Required, Connections: 4},
	} {
		want.From = "notify@example.com"
		got, err := smtp.Read(url, "notify@example.com")
		require.NoError(t, err, url)
		require.Equal(t, want, got, url)
	}
}

func TestReadRefuses(t *testing.T) {
	for url, want := range map[string]string{
		"":                                   "must look like",
		"mail.example.com:587":               "must look like",
		"smtp://":                            "must look like",
		"smtp://me:se%cret@host":             "must look like",
		"smtp://me:secret@host/path":         "must look like",
		"smtp://me:secret@host#secret":       "must look like",
		"smtp://me:secret@host:port":         "must look like",
		"http://me:secret@host":              "smtp:// or smtps://",
		"smtp://me:secret@host:0":            "port",
		"smtp://me:secret@host:65536":        "port",
		"smtp://secret@host":                 "both",
		"smtp://:secret@host":                "both",
		"smtp://me:secret@host?starttls=yes": "starttls",
		"smtps://me:secret@host?starttls=no": "starttls",
		"smtp://host?starttls=tls":           "starttls",
		"smtp://host?connections=0":          "1 to 64",
		"smtp://host?connections=65":         "1 to 64",
		"smtp://host?secret=1":               "options",
		"smtp://host?%zz":                    "cannot be read",
	} {
		_, err := smtp.Read(url, "notify@example.com")
		require.ErrorContains(t, err, want, url)
		require.ErrorContains(t, err, "TOCSIN_SMTP_URL", url)
		require.NotContains(t, err.Error(), "secret", url)
	}
	for _, from := range []string{"", "notify", "Notify <notify@example.com>", "nötify@example.com", "a@b.org\r\nBcc: c@d.org", `"a"@b.org`} {
		_, err := smtp.Read("smtp://host", from)
		require.ErrorContains(t, err, "TOCSIN_MAIL_FROM", from)
	}
}
