// Package iam says who is calling. It issues and checks tokens, checks the
// signatures of requests, makes such signatures for clients, and makes the
// tokens in confirmation links.
//
// An Authority knows its users from its Config and keeps no state of its own: a
// token carries all that is needed to check it. So tokens survive a restart and
// work at every instance that has the same configuration. Taking away a user,
// a project, or changing a password or key ends the tokens that stood on it.
package iam
