// Command manage-subscriptions is the function that does with subscriptions what comes
// after they are made, and tells what has become of the messages to them.
package main

import (
	"tocsin/shared/httpapi"
	"tocsin/shared/lambdaapp"
)

func main() { lambdaapp.Serve(httpapi.ManageSubscriptionsOperations()...) }
