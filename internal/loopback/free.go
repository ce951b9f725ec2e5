// Package loopback finds addresses of this machine for programs that are to be told
// where to listen, such as emulators.
package loopback

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// FreeAddress is an address where nobody listens. Its port is none of those that systems
// give to others who ask for any, until the program has it. An error says why none of a
// hundred could be had.
func FreeAddress() (address string, err error) {
	for range 100 {
		address = fmt.Sprint("127.0.0.1:", 20_000+rand.N(10_000))
		var listener net.Listener
		if listener, err = net.Listen("tcp", address); err == nil { //nolint:noctx // it returns at once
			return address, listener.Close()
		}
	}
	return "", err
}
