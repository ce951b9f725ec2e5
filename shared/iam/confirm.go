package iam

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"time"

	"tocsin/shared/smn"
)

// ConfirmSubject is what a confirmation token stands for: one subscription at
// one point of its life.
type ConfirmSubject struct {
	Project        string // id
	TopicID        string // id
	SubscriptionID string // id
	Version        int    // status changes of the subscription so far; 0 to 2³²-1
}

// ConfirmTokens makes and opens the tokens in confirmation links. A token needs
// no row in a store: it carries its subject and expiry and a proof that this
// service wrote them. It is not secret from its subscriber, nor encrypted.
//
// Make it with NewConfirmTokens. Its methods may be called from many goroutines
// at once.
type ConfirmTokens struct{ key []byte }

// A token is the lower-case hex of
//
//	project (16) | topic (16) | subscription (16) | version (4) | expiry (8) | proof (20)
//
// with numbers in big-endian order and the expiry in Unix seconds: 160 characters.
// The proof is HMAC-SHA256 cut to 160 bits. That is out of reach of any guessing,
// and the 24 characters it saves count: confirmations go out by SMS, too.
const (
	confirmBody  = 16 + 16 + 16 + 4 + 8
	confirmProof = 20
)

// NewConfirmTokens takes a secret of 32 bytes, the same at every instance. It
// may be the secret that other keys are made of.
func NewConfirmTokens(key []byte) (ConfirmTokens, error) {
	if len(key) != keySize {
		return ConfirmTokens{}, fmt.Errorf("iam: the key of confirmation tokens has %d bytes instead of %d", len(key), keySize)
	}
	return ConfirmTokens{key: DeriveKey(key, "confirmation token")}, nil
}

// Issue makes the token of a subject. It can be opened until it expires, to the
// second below. The same arguments give the same token. Issue panics when the
// subject is not as its fields say: ids come from the store, so that is a bug.
func (t ConfirmTokens) Issue(s ConfirmSubject, expires time.Time) string {
	raw := make([]byte, 0, confirmBody+confirmProof)
	for _, id := range []string{s.Project, s.TopicID, s.SubscriptionID} {
		if !smn.IsID(id) {
			panic("iam: confirmation token: a subject has an id that is none")
		}
		raw, _ = hex.AppendDecode(raw, []byte(id))
	}
	if uint64(s.Version) > math.MaxUint32 { // also true of negative ones
		panic("iam: confirmation token: version out of range")
	}
	raw = binary.BigEndian.AppendUint32(raw, uint32(s.Version))
	raw = binary.BigEndian.AppendUint64(raw, uint64(expires.Unix()))
	return hex.EncodeToString(append(raw, t.proof(raw)...))
}

// Open gives the subject of a token. InvalidToken when it was not written by
// this service, or has expired by now. Whether the subscription is still at that
// version is for the caller to see.
func (t ConfirmTokens) Open(token string, now time.Time) (ConfirmSubject, error) {
	raw, ok := decodeConfirm(token)
	if !ok || !hmac.Equal(t.proof(raw[:confirmBody]), raw[confirmBody:]) {
		return ConfirmSubject{}, smn.Errorf(smn.InvalidToken, "the token was not made by this service, or not copied whole")
	}
	expires := time.Unix(int64(binary.BigEndian.Uint64(raw[52:])), 0)
	if !now.Before(expires) {
		return ConfirmSubject{}, smn.Errorf(smn.InvalidToken, "the token expired at %s", expires.UTC().Format(time.RFC3339))
	}
	return ConfirmSubject{
		Project:        hex.EncodeToString(raw[:16]),
		TopicID:        hex.EncodeToString(raw[16:32]),
		SubscriptionID: hex.EncodeToString(raw[32:48]),
		Version:        int(binary.BigEndian.Uint32(raw[48:])),
	}, nil
}

// decodeConfirm reads the hex of a token. Upper case is refused: a token has one
// spelling.
func decodeConfirm(token string) ([]byte, bool) {
	if len(token) != 2*(confirmBody+confirmProof) {
		return nil, false
	}
	raw, err := hex.DecodeString(token)
	return raw, err == nil && hex.EncodeToString(raw) == token
}

func (t ConfirmTokens) proof(body []byte) []byte {
	if len(t.key) == 0 {
		panic("iam: ConfirmTokens was not made with NewConfirmTokens") // an empty key would let anybody write tokens
	}
	mac := hmac.New(sha256.New, t.key)
	mac.Write(body)
	return mac.Sum(nil)[:confirmProof]
}
