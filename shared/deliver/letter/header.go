package letter

import (
	"encoding/base64"
	"net/mail"
	"strings"
	"unicode/utf8"

	"tocsin/shared/deliver"
)

// Field is a field of the header of a mail: printable ASCII on one line, of 990
// characters at most.
type Field struct {
	Name, Value string
}

// Header is what stands in the header of a mail beside what every mail has: that no
// person wrote it and, in a notification, how a mail program gets its reader out (RFC
// 8058).
func Header(d deliver.Delivery) []Field {
	fields := []Field{{"Auto-Submitted", "auto-generated"}}
	if link := d.UnsubscribeURL; link != "" && isLink(link) {
		fields = append(fields,
			Field{"List-Unsubscribe", "<" + link + ">"},
			Field{"List-Unsubscribe-Post", "List-Unsubscribe=One-Click"})
	}
	return fields
}

// SenderName is what stands beside the sender's address: the topic's display name, on
// one line. Without one it is empty, and only the address is shown.
func SenderName(d deliver.Delivery) string {
	return strings.Join(strings.Fields(line(d.TopicDisplay)), " ")
}

// FromHeader is SenderName and an address as they stand in the header of a mail, in
// printable ASCII.
func FromHeader(d deliver.Delivery, address string) string {
	from := mail.Address{Name: SenderName(d), Address: address}
	if from.Name == "" || isPlain(from.Name) {
		return from.String()
	}
	return encodeWords(from.Name) + " <" + address + ">"
}

// SubjectHeader is Subject as it stands in the header of a mail, in printable ASCII.
// Words in ASCII stay as they are; whatever a program could read or fold in another
// way is encoded (RFC 2047), so that it comes out as it went in.
func SubjectHeader(d deliver.Delivery) string {
	s := Subject(d)
	if isPlain(s) {
		return s
	}
	return encodeWords(s)
}

// encodeWords encodes a text for a header (RFC 2047), in words that fit into a line.
func encodeWords(s string) string {
	const chunk = 36 // bytes, 48 characters in base64: so that the first word fits beside "Subject:"
	var words []string
	for len(s) > 0 {
		n := min(chunk, len(s))
		for n < len(s) && !utf8.RuneStart(s[n]) {
			n--
		}
		words = append(words, "=?UTF-8?B?"+base64.StdEncoding.EncodeToString([]byte(s[:n]))+"?=")
		s = s[n:]
	}
	return strings.Join(words, " ")
}

// isPlain: printable ASCII, in short words with one space between them, none of
// which looks encoded.
func isPlain(s string) bool {
	if strings.Contains(s, "=?") {
		return false
	}
	for word := range strings.SplitSeq(s, " ") {
		if word == "" || len(word) > 60 || strings.ContainsFunc(word, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return false
		}
	}
	return true
}

// isLink: a URL that can stand in a header as it is.
func isLink(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' || s[i] == '<' || s[i] == '>' {
			return false
		}
	}
	return len(s) <= maxLink
}

// maxLink is the longest link in a header: SES takes 870 characters, with the brackets.
const maxLink = 868

// IsSender says whether s is an address that mails may come from, which any server
// takes.
func IsSender(s string) bool { return IsASCII(s) && IsAddress(s) }

// IsAddress says whether s is local@domain and nothing around it. Quotes and comments,
// which hide what an address is, are refused, as they are at the door.
func IsAddress(s string) bool {
	if len(s) > 254 || strings.ContainsAny(s, " \t\r\n<>(),;:\\\"[]") {
		return false
	}
	parsed, err := mail.ParseAddress(s)
	return err == nil && parsed.Address == s
}

// IsASCII says whether there is nothing in s but ASCII.
func IsASCII(s string) bool {
	for i := range len(s) {
		if s[i] > '~' {
			return false
		}
	}
	return true
}
