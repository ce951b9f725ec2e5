// Package house holds the tests that keep the map of this project true: who
// imports whom, which function offers which operation, and what every function
// may weigh. It has no code of its own.
package house
