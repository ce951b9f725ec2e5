package wire

// Failures is the spelling of every code, for the tests.
var Failures = failures
