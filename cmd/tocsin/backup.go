package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"tocsin/shared/embedded"
)

type backupCommand struct {
	Data string `help:"Data folder to copy (default ${default}); its server may run." default:"data" type:"path" placeholder:"DIR"`
	To   string `required:"" help:"Folder to make: it becomes a data folder of the same content." type:"path" placeholder:"DIR"`
}

// Run copies a data folder and says what that took.
func (c *backupCommand) Run(ctx context.Context, w io.Writer) error {
	began := time.Now()
	written, err := embedded.Backup(ctx, c.Data, c.To)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "Backed up %s to %s: %d bytes in %.1f s\n", c.Data, c.To, written, time.Since(began).Seconds())
	return err
}
