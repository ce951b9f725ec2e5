// Command deliver is the function that takes messages from the queue to endpoints.
package main

import (
	"tocsin/shared/lambdaapp"
	"tocsin/shared/lambdaapp/ways"
)

func main() { lambdaapp.ServeDeliver(ways.Open) }
