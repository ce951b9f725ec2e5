// Package wire is the exact JSON of SMN: what requests and answers look like,
// how errors are spelt, and what an endpoint receives. Nothing else in the house
// names a JSON field of the API. The bodies in testdata are typed from SMN's
// published documents, so that server and client cannot agree on a mistake.
package wire
