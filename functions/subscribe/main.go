// Command subscribe is the function that adds endpoints to a topic.
package main

import (
	"tocsin/shared/httpapi"
	"tocsin/shared/lambdaapp"
)

func main() { lambdaapp.Serve(httpapi.Subscribe) }
