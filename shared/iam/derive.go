package iam

import (
	"crypto/hkdf"
	"crypto/sha256"
)

// keySize is the length of every key of this package, in bytes.
const keySize = 32

// DeriveKey makes a key of 32 bytes for one purpose out of a secret, so that an
// installation has one secret to keep. Keys of different purposes tell nothing
// about each other or the secret. The secret must have at least 16 random bytes;
// a password will not do.
func DeriveKey(secret []byte, purpose string) []byte {
	key, err := hkdf.Key(sha256.New, secret, nil, "tocsin "+purpose, keySize)
	if err != nil {
		panic("iam: derive key: " + err.Error()) // FIPS-only mode refuses a secret that short
	}
	return key
}
