// Package signing signs the messages that go to http and https endpoints, and
// verifies them for those who receive them.
//
// A receiver needs a Verifier and nothing else of this module:
//
//	v := &signing.Verifier{BaseURL: "https://smn.example.com"}
//	message, err := v.Verify(r.Context(), body)
//
// Signatures are RSASSA-PKCS1-v1_5 with SHA-256, as in SMN: receivers written
// for SMN accept them, and the Verifier accepts SMN's. Notifications in the forms of
// Alibaba MNS are signed with SHA-1 (Signer.SignSHA1), by the same key.
package signing
