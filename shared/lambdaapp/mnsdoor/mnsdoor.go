// Package mnsdoor opens the door of functions/mns. It stands apart from lambdaapp, so
// that no other function carries it.
package mnsdoor

import (
	"net/http"
	"time"

	"tocsin/shared/lambdaapp"
	"tocsin/shared/mns/door"
)

// Open makes the door.
func Open(in lambdaapp.Inside) (http.Handler, error) {
	h, err := door.New(door.Config{Service: in.Service, Keys: in.Identity, Region: in.Region, Observer: observer{in.Accepted}})
	return signSamples(in.Sample, h), err
}

// observer counts messages. The gateway counts requests.
type observer struct{ accepted func() }

// Answered meets door.Observer.
func (o observer) Answered(operation string, status int, _ time.Duration) {
	if operation == door.Publish && status == http.StatusCreated {
		o.accepted()
	}
}
