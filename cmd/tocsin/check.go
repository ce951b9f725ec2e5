package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"tocsin/shared/embedded"
)

type checkCommand struct {
	Data string `help:"Folder of the embedded store (default ${default})." default:"data" type:"path" placeholder:"DIR"`
}

// Run reads the whole database, says what is damaged and counts what there is.
// The service may run meanwhile.
func (c *checkCommand) Run(ctx context.Context, stdout io.Writer) error {
	found, err := embedded.Check(ctx, c.Data)
	if err != nil {
		return err
	}
	for _, damage := range found.Damage {
		fmt.Fprintln(stdout, printable(damage))
	}
	if len(found.Damage) > 0 {
		return errors.New("the database is damaged")
	}
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "no damage\t")
	fmt.Fprintf(table, "schema version\t%d\n", found.Version)
	fmt.Fprintf(table, "bytes\t%d\n", found.Size)
	fmt.Fprintf(table, "bytes free in it\t%d\n", found.Free)
	for _, count := range found.Counts {
		fmt.Fprintf(table, "%s\t%d\n", count.Name, count.Rows)
	}
	return table.Flush()
}
