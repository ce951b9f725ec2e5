package main

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strings"
	"text/tabwriter"
	"unicode"

	"tocsin/shared/smn"
)

// output is how a command of the client answers.
type output struct {
	Output string `short:"o" enum:"table,json" default:"table" help:"table or json, which is spelt as the API does."`
}

// table writes rows below their names, or the values behind them as JSON.
func (o output) table(w io.Writer, values any, names []string, rows [][]string) error {
	if o.Output == "json" {
		return printJSON(w, values)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.Join(names, "\t"))
	for _, row := range rows {
		for i := range row {
			row[i] = printable(row[i])
		}
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	return t.Flush()
}

// one writes a value as lines of name and text, or as JSON.
func (o output) one(w io.Writer, value any, fields ...[2]string) error {
	if o.Output == "json" {
		return printJSON(w, value)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range fields {
		fmt.Fprintf(t, "%s\t%s\n", f[0], printable(f[1]))
	}
	return t.Flush()
}

// told writes one text under its name, or under the name that the API has for it.
func (o output) told(w io.Writer, name, field, text string) error {
	return o.one(w, map[string]string{field: text}, [2]string{name, text})
}

// paragraph writes a text of several lines below what one has written. In JSON it
// is there already.
func (o output) paragraph(w io.Writer, text string) error {
	if o.Output == "json" {
		return nil
	}
	_, err := io.WriteString(w, "\n")
	for line := range strings.Lines(text) {
		if err == nil {
			_, err = fmt.Fprintln(w, printable(strings.TrimRight(line, "\r\n")))
		}
	}
	return err
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// printable keeps what strangers wrote from moving the cursor of a terminal, or
// from turning the direction of its text.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, s)
}

// all goes through a list page by page, to its end.
func all[T any](list func(smn.Page) ([]T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for page := (smn.Page{}); ; {
			items, err := list(page)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if len(items) == 0 {
				return
			}
			page.Offset += len(items)
		}
	}
}

// collect reads a list to its end.
func collect[T any](list func(smn.Page) ([]T, error)) ([]T, error) {
	items := []T{}
	for item, err := range all(list) {
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}
