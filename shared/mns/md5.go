package mns

import (
	"crypto/md5" //nolint:gosec // MNS sums up with nothing else
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// BodyMD5 is the sum of a message's text as answers and notifications give it: 32
// upper-case hex characters.
func BodyMD5(text string) string {
	sum := md5.Sum([]byte(text)) //nolint:gosec // it guards against accidents
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// ContentMD5 is the Content-MD5 of a body: base64 of 32 lower-case hex characters.
func ContentMD5(body []byte) string {
	sum := md5.Sum(body) //nolint:gosec // it guards against accidents
	return base64.StdEncoding.EncodeToString(hex.AppendEncode(nil, sum[:]))
}

// IsContentMD5 says whether value is the Content-MD5 of a body, as MNS writes it or as
// RFC 1864 does: base64 of the sum itself.
func IsContentMD5(value string, body []byte) bool {
	sum := md5.Sum(body) //nolint:gosec // it guards against accidents
	return value == ContentMD5(body) || value == base64.StdEncoding.EncodeToString(sum[:])
}
