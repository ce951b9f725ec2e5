package httpapi

import (
	"net/http"
	"strings"

	"tocsin/shared/wire"
)

// ListVersions lists the versions of the API.
var ListVersions = Operation{
	Name:  "list-versions",
	Route: "GET /{$}",
	door:  openDoor,
	bind:  withConfig(listVersions),
}

func listVersions(r *http.Request, c Config) (reply, error) {
	return ok(wire.ListVersionsResponse{Versions: []wire.Version{wire.VersionV2(baseURL(r, c))}}), nil
}

// GetVersion describes version 2.
var GetVersion = Operation{
	Name:  "get-version",
	Route: "GET /v2",
	door:  openDoor,
	bind:  withConfig(getVersion),
}

func getVersion(r *http.Request, c Config) (reply, error) {
	return ok(wire.GetVersionResponse{Version: wire.VersionV2(baseURL(r, c))}), nil
}

// bareRoot takes the slash from the root of a version: the catalog and the version
// of the identity service name it with one, and clients look there for versions.
func bareRoot(r *http.Request) *http.Request {
	if p := r.URL.EscapedPath(); p != "/v2/" && p != "/v3/" {
		return r
	}
	bare, root := *r, *r.URL
	root.Path, root.RawPath = strings.TrimSuffix(root.Path, "/"), ""
	bare.URL = &root
	return &bare
}

// baseURL is the address that the client reached: the configured one, or what
// its request names.
func baseURL(r *http.Request, c Config) string {
	switch {
	case c.PublicURL != "":
		return c.PublicURL
	case r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https":
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
