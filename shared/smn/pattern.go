package smn

import (
	"regexp"
	"sync"
)

// Pattern is a regular expression that is compiled when it is needed first: all of
// them together would be a third of the time in which a function starts. One that
// cannot be compiled panics then.
func Pattern(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
