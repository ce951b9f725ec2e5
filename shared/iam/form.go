package iam

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// signatureForm is one of the ways in which SDKs sign: what stands between the
// date and the hash of the request, and which key is made of the secret.
//
//	SDK-HMAC-SHA256 Access={access}                                    the secret itself
//	SDK-HMAC-SHA256 Credential={access}/{day}/{region}/{service}/sdk_request   a chain of HMACs
//	V11-HMAC-SHA256 Credential={access}/{day}/{region}/{service}       HKDF
//
// Region and service may be anything, and empty: they are part of the signature,
// but nothing here is of one region or service alone.
type signatureForm struct {
	algorithm string
	access    string
	scope     string // what follows the access key in Credential; empty in the first form
	key       func(secret string, f signatureForm) []byte
}

// lastOfScope ends the scope of the second form.
const lastOfScope = "sdk_request"

// formOf finds the form of an Authorization header.
func formOf(auth authorization) (signatureForm, bool) {
	access, credential := auth.fields["Access"], auth.fields["Credential"]
	f := signatureForm{algorithm: auth.algorithm, access: access}
	if credential != "" {
		f.access, f.scope, _ = strings.Cut(credential, "/")
	}
	parts := strings.Split(f.scope, "/")
	switch {
	case f.access == "" || access != "" && credential != "":
		return signatureForm{}, false
	case auth.algorithm == algorithm && credential == "":
	case auth.algorithm == algorithm && len(parts) == 4 && parts[0] != "" && parts[3] == lastOfScope:
		f.key = chained
	case auth.algorithm == algorithmV11 && len(parts) == 3 && parts[0] != "":
		f.key = expanded
	default:
		return signatureForm{}, false
	}
	return f, true
}

// signature is lower-case hex.
func (f signatureForm) signature(secret, date string, canonical []byte) string {
	key, text := []byte(secret), f.algorithm+"\n"+date+"\n"
	if f.key != nil {
		key, text = f.key(secret, f), text+f.scope+"\n"
	}
	return hex.EncodeToString(keyedHash(key, text+hexHash(canonical)))
}

// chained is the key of the second form.
func chained(secret string, f signatureForm) []byte {
	key := []byte("SDK" + secret)
	for part := range strings.SplitSeq(f.scope, "/") {
		key = keyedHash(key, part)
	}
	return key
}

// expanded is the key of the third form: the hex text, not the bytes.
func expanded(secret string, f signatureForm) []byte {
	key, err := hkdf.Key(sha256.New, []byte(secret), []byte(f.access), f.scope, keySize)
	if err != nil {
		panic("iam: derive signature key: " + err.Error()) // FIPS-only mode refuses short secrets
	}
	return []byte(hex.EncodeToString(key))
}

func keyedHash(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}
