// Command manage is the function that does what the owner of a project asks for and no
// other function does. It is the default route of the API, so it also answers requests
// that no operation takes.
package main

import (
	"tocsin/shared/httpapi"
	"tocsin/shared/lambdaapp"
)

func main() { lambdaapp.Serve(httpapi.ManageOperations()...) }
