package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"tocsin/shared/iam"
)

const (
	// lookAgain is how often the credentials file is read. Reading it all is simpler
	// than any sign of a change, and sees editors that put another file in its
	// place, and symlinks that move.
	lookAgain = time.Second

	// maxCredentials is the largest credentials file, in bytes: many thousand users.
	maxCredentials = 8 << 20
)

// credentialsFile is a file with users and agencies that may change.
type credentialsFile struct {
	path string
	log  *slog.Logger

	judged [sha256.Size]byte // hash of what was taken or refused last
	seen   [sha256.Size]byte // hash of what was read last
	told   string            // the last failure to read it, so that it is logged once
}

// open reads the file for the first time: then it must be right.
func (f *credentialsFile) open() ([]iam.User, []iam.Agency, error) {
	text, err := f.read()
	if err != nil {
		return nil, nil, fmt.Errorf("TOCSIN_CREDENTIALS: %w", err)
	}
	f.judged = sha256.Sum256(text)
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
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			f.look(ctx, replace)
		}
	}
}

// look puts the users of the file into use if it has changed and two looks have
// found the same, so that a file which is just being written is not taken for one
// with fewer users. While it cannot be read, or something is wrong with it, those
// that were there stay, and the log says so once.
func (f *credentialsFile) look(ctx context.Context, replace func([]iam.User, []iam.Agency) error) {
	text, err := f.read()
	if err != nil {
		if f.told != err.Error() {
			f.told = err.Error()
			f.keep(ctx, err)
		}
		return
	}
	f.told = ""
	hash, before := sha256.Sum256(text), f.seen
	f.seen = hash
	if hash == f.judged || hash != before {
		return
	}
	f.judged = hash
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

// read reads the whole file. What is no file, such as a pipe, is not even opened:
// nobody may ever write to it, and the second look would find it empty.
func (f *credentialsFile) read() ([]byte, error) {
	info, err := os.Stat(f.path)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New(f.path + " is no regular file")
	}
	if err != nil {
		return nil, err
	}
	file, err := os.Open(f.path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxCredentials+1))
	if err == nil && len(text) > maxCredentials {
		err = errors.New("the file has more than 8 MiB")
	}
	return text, err
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
