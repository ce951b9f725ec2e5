// Package compat holds the tests that drive the SDKs which people use with SMN,
// unchanged, against the binary. It is a module of its own, so that no build of
// Tocsin carries them. It has no code of its own.
package compat
