// Command links is the function that answers the links in messages and what anyone may
// read: confirmations, unsubscriptions, certificates, versions.
package main

import (
	"tocsin/shared/httpapi"
	"tocsin/shared/lambdaapp"
)

func main() { lambdaapp.Serve(httpapi.LinkOperations()...) }
