// Package smn is the language of the service: topics, subscriptions, messages,
// the names they go by, who is calling, and what can go wrong. It says what a
// notification service promises (Service) and nothing about how: no JSON, no
// HTTP, no storage. It imports the standard library only.
//
// Service is met by broker (over a store and a queue) and by client (over HTTP,
// against Tocsin or against SMN itself). The suite in smntest is the contract
// that every implementation passes.
package smn
