package deliver

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"tocsin/shared/smn"
)

// aimOf says what a delivery is aimed at.
func aimOf(project, topic string, p smn.Protocol, endpoint string) aim {
	return aim{project, topic, targetOf(p, endpoint)}
}

func targetOf(p smn.Protocol, endpoint string) target {
	t := target{endpoint: endpoint}
	switch {
	case isHTTP(p), p.IsChat():
		t.host = hostOf(endpoint)
	case !p.IsFunction():
		t.host = string(p) // all that there is of it goes the same way
	}
	return t
}

// hostOf is host and port of a URL as they stand there, without user and password;
// quicker than reading all of it.
func hostOf(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	start := 0
	for i := range len(rest) {
		switch rest[i] {
		case '@':
			start = i + 1
		case '/', '?', '#':
			return rest[start:i]
		}
	}
	return rest[start:]
}

// waitKey names what tasks wait for: an endpoint, or else a host. It gives nothing away.
func waitKey(t target) string {
	sum := sha256.Sum256([]byte(cmp.Or(t.endpoint, t.host)))
	return hex.EncodeToString(sum[:16])
}
