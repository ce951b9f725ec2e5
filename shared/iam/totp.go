package iam

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238 as all devices implement it; HMAC-SHA1 is not broken
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// A one-time passcode is that of RFC 6238 with the parameters that every device
// knows: six digits, steps of 30 seconds, SHA-1. One step before and after the
// present one is taken, for clocks that differ.
const (
	totpStep      = 30 // seconds
	totpModulus   = 1_000_000
	totpSkew      = 1  // steps
	minTOTPSecret = 10 // bytes; devices get 10 or 20
)

// ParseTOTPSecret reads a secret as devices take it: base32, in upper or lower
// case, with or without spaces and padding. Its error does not show it.
func ParseTOTPSecret(s string) ([]byte, error) {
	s = strings.TrimRight(strings.ToUpper(strings.ReplaceAll(s, " ", "")), "=")
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(s)
	if err != nil || strings.ContainsAny(s, "\r\n") {
		return nil, errors.New("this is no base32")
	}
	if len(secret) < minTOTPSecret {
		return nil, fmt.Errorf("the secret has fewer than %d bytes", minTOTPSecret)
	}
	return secret, nil
}

// totpCode is the passcode of a step.
func totpCode(secret []byte, step int64) string {
	mac := hmac.New(sha1.New, secret)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7fffffff%totpModulus)
}

// hasPasscode says whether this is a passcode of acc that was not used before. A
// user with too many wrong ones in a row is locked for a while, so that who
// knows the password cannot try all passcodes.
func (a *Authority) hasPasscode(acc *account, code string) bool {
	now := a.now()
	if len(acc.totp) == 0 || a.codeStrikes.locked(acc.ID, now) {
		return false
	}
	present := now.Unix() / totpStep
	for step := present - totpSkew; step <= present+totpSkew; step++ {
		if hmac.Equal([]byte(code), []byte(totpCode(acc.totp, step))) && a.usedCodes.use(acc.ID, step, now) {
			a.codeStrikes.succeeded(acc.ID)
			return true
		}
	}
	a.codeStrikes.failed(acc.ID, now)
	return false
}

// usedCodes remembers the last step of each user whose passcode was used: that
// one and those before it are not taken again. It forgets what is too old to be
// taken anyway. Its zero value is ready.
type usedCodes struct {
	mu   sync.Mutex
	last map[string]int64 // by user id
}

// use says whether a step is new, and then remembers it.
func (u *usedCodes) use(user string, step int64, now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	for id, last := range u.last {
		if last < now.Unix()/totpStep-totpSkew {
			delete(u.last, id)
		}
	}
	if last, ok := u.last[user]; ok && step <= last {
		return false
	}
	if u.last == nil {
		u.last = map[string]int64{}
	}
	u.last[user] = step
	return true
}
