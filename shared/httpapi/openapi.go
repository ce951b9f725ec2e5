package httpapi

import (
	_ "embed"
	"net/http"
)

//go:embed openapi.json
var openAPI []byte

// GetOpenAPI is the operation that gives the OpenAPI document of all operations.
// It is made by a function so that the linker leaves the document out where
// nobody calls it: what a variable holds, every function would carry.
func GetOpenAPI() Operation {
	return Operation{
		Name:  "get-openapi",
		Route: "GET /openapi.json",
		door:  openDoor,
		bind: withConfig(func(*http.Request, Config) (reply, error) {
			return reply{status: http.StatusOK, raw: openAPI, contentType: "application/json"}, nil
		}),
	}
}
