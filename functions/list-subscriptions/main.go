// Command list-subscriptions is the function that lists the subscriptions of a
// project or of one topic.
package main

import (
	"tocsin/shared/httpapi"
	"tocsin/shared/lambdaapp"
)

func main() { lambdaapp.Serve(httpapi.ListOperations()...) }
