package contract

import (
	"testing"

	"tocsin/shared/smn"
	"tocsin/shared/smn/smntest"
)

func TestInProcess(t *testing.T)      { smntest.Run(t, inProcess(install)) }
func TestNamedInProcess(t *testing.T) { smntest.RunNamed(t, inProcess(install)) }

// inProcess opens environments whose callers reach the broker itself.
func inProcess(install func(*testing.T) installation) func(*testing.T) smntest.Env {
	return func(t *testing.T) smntest.Env {
		in := install(t)
		return smntest.Env{Region: region, As: func(smn.Caller) smn.Service { return in.broker }}
	}
}

func TestOverHTTP(t *testing.T) {
	smntest.Run(t, func(t *testing.T) smntest.Env {
		in := install(t)
		server := in.server(t)
		return smntest.Env{Region: region, As: func(c smn.Caller) smn.Service {
			return in.client(t, c, server.URL, server.Client().Transport)
		}}
	})
}

func TestThroughGatewayEvents(t *testing.T) {
	if testing.Short() {
		t.Skip("a function has one request at a time, so there is nothing to race")
	}
	for name, encode := range map[string]encoder{"v1": encodeV1, "v2": encodeV2} {
		t.Run(name, func(t *testing.T) {
			smntest.Run(t, func(t *testing.T) smntest.Env {
				in := install(t)
				gateway := newGateway(t, in.api, encode)
				return smntest.Env{Region: region, As: func(c smn.Caller) smn.Service {
					return in.client(t, c, "https://api.example.com", gateway)
				}}
			})
		})
	}
}
