package deliver

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// aimOf says what a delivery is aimed at.
func aimOf(project, topic string, d Delivery) aim {
	a := aim{project, topic, target{endpoint: d.Endpoint}}
	switch {
	case isHTTP(d.Protocol), d.Protocol.IsChat():
		a.host = hostOf(d.Endpoint)
	case !d.Protocol.IsFunction():
		a.host = string(d.Protocol) // all that there is of it goes the same way
	}
	return a
}

// hostOf is host and port of a URL as they stand there, without user and password;
// quicker than reading all of it.
func hostOf(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	return rest[strings.LastIndexByte(rest, '@')+1:]
}

// waitKey names an endpoint in tasks that wait for it. It gives nothing away.
func waitKey(endpoint string) string {
	sum := sha256.Sum256([]byte(endpoint))
	return hex.EncodeToString(sum[:16])
}
