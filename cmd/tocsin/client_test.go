package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// terminal runs commands of the client against a house of its own.
type terminal struct{ t *testing.T }

func openTerminal(t *testing.T) terminal {
	t.Helper()
	s := parsed(t, "-addr", "127.0.0.1:0", "-data", t.TempDir()).settings
	h, err := openHouse(t.Context(), s, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- h.serve(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-served)
	})
	t.Setenv("TOCSIN_ENDPOINT", h.settings.PublicURL)
	return terminal{t}
}

func (c terminal) run(args ...string) string {
	c.t.Helper()
	var out bytes.Buffer
	require.NoError(c.t, run(c.t.Context(), args, &out), args)
	return out.String()
}

// json runs a command with -o json and gives a field of its answer.
func (c terminal) json(field string, args ...string) string {
	c.t.Helper()
	var answer map[string]any
	text := c.run(append(args, "-o", "json")...)
	require.NoError(c.t, json.Unmarshal([]byte(text), &answer), text)
	value, ok := answer[field].(string)
	require.True(c.t, ok, text)
	return value
}

func (c terminal) fails(message string, args ...string) {
	c.t.Helper()
	require.ErrorContains(c.t, run(c.t.Context(), args, &bytes.Buffer{}), message)
}

func TestClientCommands(t *testing.T) {
	c := openTerminal(t)
	urn := c.json("topic_urn", "topic", "create", "alarms", "-display-name", "Disk alarms")
	require.Equal(t, urn, c.json("topic_urn", "topic", "create", "alarms"), "it is there already")
	require.Contains(t, c.run("topic", "list"), urn)
	require.Contains(t, c.run("topic", "list", "-prefix", "al"), "Disk alarms")
	require.Equal(t, "NAME  DISPLAY NAME  CREATED  URN\n", c.run("topic", "list", "-prefix", "x"))
	require.Equal(t, "Disk alarms", c.json("display_name", "topic", "show", "alarms"))
	require.Contains(t, c.run("topic", "show", urn), "Disk alarms")
	c.fails("there is no topic nowhere", "topic", "show", "nowhere")
	c.fails("neither the name nor the URN", "topic", "show", "no where")

	subscription := c.json("subscription_urn", "subscription", "add", "alarms", "email", "ops@example.com", "-remark", "on\u202ecall")
	list := c.run("subscription", "list", "alarms")
	require.Contains(t, list, "unconfirmed")
	require.Contains(t, list, "on\uFFFDcall", "what could turn the text around is not printed")
	require.Equal(t, list, c.run("subscription", "list"))
	c.fails("ops@", "subscription", "add", "alarms", "email", "ops@")
	require.Len(t, c.json("message_id", "publish", "alarms", "It works.", "-subject", "Hello"), 32)
	c.run("subscription", "cancel", subscription)
	require.NotContains(t, c.run("subscription", "list"), subscription)
	c.fails("does not exist", "subscription", "cancel", subscription)

	c.fails("TOCSIN_PASSWORD", "token")
	t.Setenv("TOCSIN_PASSWORD", "admin")
	require.Len(t, strings.Fields(c.run("token")), 1, "the bare token")
	require.Contains(t, c.run("topic", "list"), urn, "logged in by password")
	c.run("topic", "delete", "alarms")
	require.NotContains(t, c.run("topic", "list"), urn)
}
