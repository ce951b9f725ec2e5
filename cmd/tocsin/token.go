package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"tocsin/shared/client"
	"tocsin/shared/iam"
	"tocsin/shared/wire"
)

// tokenCommand logs in and shows the token, for curl and scripts.
type tokenCommand struct {
	connection
	output
}

// Run prints the bare token, so that a shell can take it into a variable.
func (c *tokenCommand) Run(ctx context.Context, svc *client.Client, w io.Writer) error {
	if c.Password == "" {
		return errors.New("a token needs a password: set TOCSIN_PASSWORD")
	}
	in := iam.TokenRequest{Methods: []string{iam.MethodPassword}}
	in.User.Name, in.User.Password, in.User.Domain.Name = c.User, c.Password, c.Domain
	if c.ProjectName != "" {
		in.Project = &iam.Project{Name: c.ProjectName}
	}
	token, err := svc.IssueToken(ctx, in)
	if err != nil {
		return err
	}
	if c.Output == "json" {
		return printJSON(w, map[string]string{
			"token": token.Value, "expires_at": wire.TokenTime(token.ExpiresAt), "project_id": token.Project.ID,
		})
	}
	_, err = fmt.Fprintln(w, token.Value)
	return err
}
