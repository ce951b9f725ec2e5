package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"tocsin/shared/iam"
)

type hashPasswordCommand struct{}

// Run hashes the password in the first line of the standard input. It is no
// argument: other users of a machine can see those.
func (hashPasswordCommand) Run() error { return hashPassword(os.Stdin, os.Stdout) }

func hashPassword(in io.Reader, out io.Writer) error {
	const most = 1 << 10 // a longer line is no password
	line, err := bufio.NewReaderSize(io.LimitReader(in, most), most).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the password: %w", err)
	}
	hash, err := iam.HashPassword(strings.TrimRight(line, "\r\n"))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, hash)
	return err
}
