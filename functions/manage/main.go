// Command manage is the function that does everything else that the owner of a project
// asks for. It is the default route of the API, so it also answers requests that
// no operation takes.
package main

import (
	"tocsin/shared/httpapi"
	"tocsin/shared/lambdaapp"
)

func main() { lambdaapp.Serve(httpapi.ManageOperations()...) }
