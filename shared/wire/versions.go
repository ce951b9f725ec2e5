package wire

// Version is a version of the API.
type Version struct {
	ID         string `json:"id"`
	Links      []Link `json:"links"`
	MinVersion string `json:"min_version"`
	Status     string `json:"status"`
	Updated    string `json:"updated"`
	Version    string `json:"version"`
}

// Link points to something.
type Link struct {
	Href string `json:"href"`
	Rel  string `json:"rel"`
}

// ListVersionsResponse answers GET /.
type ListVersionsResponse struct {
	Versions []Version `json:"versions"`
}

// GetVersionResponse answers GET /v2.
type GetVersionResponse struct {
	Version Version `json:"version"`
}

// VersionV2 is the only version there is, at a base URL without a trailing slash.
func VersionV2(baseURL string) Version {
	return Version{
		ID:      "v2",
		Links:   []Link{{Href: baseURL + "/v2", Rel: "self"}},
		Status:  "CURRENT",
		Updated: "2018-09-19T00:00:00Z",
	}
}
