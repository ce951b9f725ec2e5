// Command manage-subscriptions is the function that changes and ends subscriptions,
// keeps users and subscribes them, and tells what has become of messages.
package main

import (
	"tocsin/shared/httpapi"
	"tocsin/shared/lambdaapp"
)

func main() { lambdaapp.Serve(httpapi.ManageSubscriptionsOperations()...) }
