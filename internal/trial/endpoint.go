package trial

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Behaviour is how an endpoint of a sink answers.
type Behaviour string

// The behaviours. What an endpoint accepts is counted.
const (
	Good     Behaviour = "good"     // accepts at once
	Moody    Behaviour = "moody"    // refuses a quarter of all messages once, by 503
	Slow     Behaviour = "slow"     // accepts after slowness
	Failing  Behaviour = "failing"  // answers 503 until the sink is healed
	Hanging  Behaviour = "hanging"  // does not answer until the sink is healed
	Dripping Behaviour = "dripping" // answers byte by byte, one a second, and so never in time
)

const (
	slowness = 300 * time.Millisecond
	drip     = time.Second
)

// Endpoint is an endpoint of a sink. Its number is unique in the sink, whatever
// its behaviour.
type Endpoint struct {
	Behaviour Behaviour
	Number    int32
}

// Path is where the endpoint is, below the URL of its sink.
func (e Endpoint) Path() string {
	return "/" + string(e.Behaviour) + "/" + strconv.Itoa(int(e.Number))
}

func endpointAt(path string) (e Endpoint, err error) {
	behaviour, number, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	e.Behaviour = Behaviour(behaviour)
	switch e.Behaviour {
	case Good, Moody, Slow, Failing, Hanging, Dripping:
	default:
		return e, fmt.Errorf("no endpoint %s here", path)
	}
	n, err := strconv.ParseInt(number, 10, 32)
	if err != nil {
		return e, fmt.Errorf("no endpoint %s here", path)
	}
	e.Number = int32(n)
	return e, nil
}
