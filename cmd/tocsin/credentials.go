package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"

	"tocsin/shared/iam"
)

// maxCredentials is the largest credentials file, in bytes: many thousand users.
const maxCredentials = 8 << 20

// credentialsFile is a file with users and agencies that may change.
type credentialsFile struct {
	path string
	log  *slog.Logger
	changes
}

// open reads the file for the first time: then it must be right.
func (f *credentialsFile) open() ([]iam.User, []iam.Agency, error) {
	text, err := readRegular(f.path, maxCredentials)
	if err != nil {
		return nil, nil, fmt.Errorf("TOCSIN_CREDENTIALS: %w", err)
	}
	f.first(text)
	users, agencies, err := parseCredentials(text)
	if err != nil {
		err = fmt.Errorf("TOCSIN_CREDENTIALS: %s: %w", f.path, err)
	}
	return users, agencies, err
}

// watch looks at the file until ctx ends. There may be none.
func (f *credentialsFile) watch(ctx context.Context, replace func([]iam.User, []iam.Agency) error) {
	if f == nil {
		return
	}
	everySecond(ctx, func(ctx context.Context) { f.look(ctx, replace) })
}

// look puts the users of the file into use if it has changed, so that a file which
// is just being written is not taken for one with fewer users. While it cannot be
// read, or something is wrong with it, those that were there stay, and the log
// says so once.
func (f *credentialsFile) look(ctx context.Context, replace func([]iam.User, []iam.Agency) error) {
	text, err := readRegular(f.path, maxCredentials)
	if err != nil {
		if f.isNews(err) {
			f.keep(ctx, err)
		}
		return
	}
	if !f.settled(text) {
		return
	}
	users, agencies, err := parseCredentials(text)
	if err == nil {
		err = replace(users, agencies)
	}
	if err != nil {
		f.keep(ctx, err)
		return
	}
	f.log.LogAttrs(ctx, slog.LevelInfo, "credentials replaced", slog.String("file", f.path),
		slog.Int("users", len(users)), slog.Int("agencies", len(agencies)))
}

func (f *credentialsFile) keep(ctx context.Context, err error) {
	f.log.LogAttrs(ctx, slog.LevelError, "credentials kept as they were", slog.String("file", f.path), slog.String("error", err.Error()))
}

// parseCredentials reads a credentials file: JSON if it begins with a brace, else
// YAML. An error in YAML names the line.
func parseCredentials(text []byte) ([]iam.User, []iam.Agency, error) {
	if bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("{")) {
		return iam.ParseCredentials(text)
	}
	asJSON, lines, err := fromYAML(text)
	if err != nil {
		return nil, nil, err
	}
	users, agencies, err := iam.ParseCredentials(asJSON)
	var wrong *iam.CredentialsError
	if errors.As(err, &wrong) {
		err = fmt.Errorf("line %d: %w", lines.of(wrong.Path), err)
	}
	return users, agencies, err
}
