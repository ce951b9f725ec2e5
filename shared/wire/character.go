package wire

import (
	"bytes"
	"strconv"
	"unicode"
	"unicode/utf16"
)

// HasHalfCharacter says whether a JSON text escapes half of a character, a lone
// surrogate. The decoder would put a replacement in its place and say nothing.
func HasHalfCharacter(body []byte) bool {
	for {
		i := bytes.Index(body, []byte(`\`))
		if i < 0 || i+1 >= len(body) {
			return false
		}
		escape := body[i+1:]
		if unit, ok := utf16Unit(body[i:]); ok && utf16.IsSurrogate(unit) {
			low, ok := utf16Unit(body[i+6:])
			if !ok || utf16.DecodeRune(unit, low) == unicode.ReplacementChar {
				return true
			}
			escape = body[i+11:]
		}
		body = escape[1:]
	}
}

// utf16Unit reads an escape such as \u00e4.
func utf16Unit(s []byte) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(s[2:6]), 16, 16)
	return rune(n), err == nil
}
