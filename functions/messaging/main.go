// Command messaging is the function of SMS, mobile push and the templates of messages.
package main

import (
	"tocsin/shared/httpapi"
	"tocsin/shared/lambdaapp"
)

func main() { lambdaapp.Serve(httpapi.MessagingOperations()...) }
