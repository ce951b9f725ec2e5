package httpapi

import (
	_ "embed"
	"net/http"
)

//go:embed openapi.json
var openAPI []byte

// GetOpenAPI gives the OpenAPI document of all operations.
var GetOpenAPI = Operation{
	Name:  "get-openapi",
	Route: "GET /openapi.json",
	door:  openDoor,
	bind: withConfig(func(*http.Request, Config) (reply, error) {
		return reply{status: http.StatusOK, raw: openAPI, contentType: "application/json"}, nil
	}),
}
