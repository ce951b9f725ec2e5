package flow

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"tocsin/shared/smn"
)

const (
	hour = time.Hour
	day  = 24 * hour
)

// SMN's flow control for confirmations. It says nothing of voice calls, which are
// bounded like SMS, and nothing of chats, which are URLs like http endpoints.
var (
	mailConfirmations  = []Window{{20, hour, hour}, {40, 2 * day, 7 * day}}
	phoneConfirmations = []Window{{10, hour, hour}, {20, 2 * day, 7 * day}}
	webConfirmations   = []Window{{200, 10 * time.Minute, 0}}
)

// Confirmations bounds the messages that ask an endpoint to confirm a
// subscription. Functions are not asked, so nothing bounds them.
func Confirmations(p smn.Protocol, endpoint string) Limit {
	kind, address := recipient(p, endpoint)
	limit := Limit{Key: key("confirmations", kind, address)}
	switch kind {
	case mail:
		limit.Windows = mailConfirmations
	case phone:
		limit.Windows = phoneConfirmations
	case web:
		limit.Windows = webConfirmations
	default:
		return Limit{}
	}
	return limit
}

// Notifications bounds all other messages to an endpoint by these windows.
func Notifications(p smn.Protocol, endpoint string, windows []Window) Limit {
	if len(windows) == 0 {
		return Limit{}
	}
	kind, address := recipient(p, endpoint)
	return Limit{Key: key("notifications", kind, address), Windows: windows}
}

// The kinds of recipients.
const (
	mail  = "mail"
	phone = "phone"
	web   = "web"
	other = "other"
)

// recipient tells who is behind an endpoint: a mailbox whatever the case of its
// address, a phone whether it is called or sent an SMS, with or without a plus.
func recipient(p smn.Protocol, endpoint string) (kind, address string) {
	switch {
	case p == smn.Email:
		return mail, strings.ToLower(endpoint)
	case p == smn.SMS, p == smn.Call:
		return phone, strings.TrimPrefix(endpoint, "+")
	case p == smn.HTTP, p == smn.HTTPS, p.IsChat():
		return web, endpoint
	default:
		return other, endpoint
	}
}

// key is a digest: counters outlive the subscriptions that they were counted for,
// and should not keep addresses and secret URLs.
func key(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}
