// Command identity is the function that issues tokens and says what they prove.
package main

import (
	"tocsin/shared/httpapi"
	"tocsin/shared/lambdaapp"
)

func main() { lambdaapp.Serve(httpapi.IdentityOperations()...) }
