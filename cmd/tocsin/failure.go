package main

import (
	"cmp"
	"errors"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"tocsin/shared/client"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// explain says in one line what went wrong. What the service refused begins with
// its code, such as SMN.0006, under which its documents explain it.
func explain(err error) string {
	var refused *smn.Error
	if !errors.As(err, &refused) {
		return printable(err.Error())
	}
	answer := &client.Answer{Code: wire.FailureOf(refused.Code).Code, Message: wire.FailureOf(refused.Code).Message}
	errors.As(err, &answer) // else the client itself refused, in place of the service
	code, message := cmp.Or(answer.Code, strconv.Itoa(answer.Status)), answer.Message
	text := strings.TrimSpace(code + " " + message)
	if refused.Detail != "" && refused.Detail != message {
		text = strings.TrimRight(text, ".") + ": " + refused.Detail
	}
	return printable(text)
}

// exitCode is 2 for a command that cannot be read, else 1.
func exitCode(err error) int {
	var usage *kong.ParseError
	if errors.As(err, &usage) {
		return 2
	}
	return 1
}
