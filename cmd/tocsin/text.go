package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"tocsin/shared/smn"
)

// text is what a command is to send or to keep.
type text struct {
	Text *string `arg:"" optional:"" help:"The text; read from the standard input unless given."`
	File string  `help:"Read the text from this file." placeholder:"FILE"`
}

// given says whether the text does not come from the standard input.
func (t text) given() bool { return t.Text != nil || t.File != "" }

func (t text) read() (string, error) {
	switch {
	case t.Text != nil && t.File != "":
		return "", errors.New("the text is an argument or in -file, not both")
	case t.Text != nil:
		return *t.Text, nil
	}
	return readText(t.File)
}

// readText reads a file, or the standard input for "-" and "". Of a longer text
// than the service takes it reads enough for that to be refused.
func readText(file string) (string, error) {
	in, name := os.Stdin, "the standard input"
	if file != "" && file != "-" {
		opened, err := os.Open(file)
		if err != nil {
			return "", err
		}
		defer opened.Close()
		in, name = opened, file
	}
	read, err := io.ReadAll(io.LimitReader(in, smn.MaxMessage+1))
	if err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	return string(read), nil
}

// named is a name with values, written NAME=VALUE,VALUE.
type named struct {
	name   string
	values []string
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (n *named) UnmarshalText(text []byte) error {
	name, values, ok := strings.Cut(string(text), "=")
	if !ok || name == "" || values == "" {
		return fmt.Errorf("%q is not of the form NAME=VALUE,VALUE", text)
	}
	n.name, n.values = name, strings.Split(values, ",")
	return nil
}
