// Package iam says who is calling. It issues and checks tokens, checks the
// signatures of requests, makes such signatures for clients, and makes the
// tokens in confirmation links.
//
// An Authority knows its users from its Config, until others replace them, and
// nothing of tokens: one carries all that is needed to check it. So tokens survive
// a restart and work at every instance that has the same configuration. Taking
// away a user, a project or an agency, or changing a password, device or key ends
// the tokens that stood on it. What it does count, bad signatures and used
// passcodes, belongs to one process.
package iam
