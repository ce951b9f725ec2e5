// Package events holds sample events as AWS sends them. The name of a file begins
// with the function that it is for. They name the topic "sample" and the project
// of local runs, and prove themselves with the sample token, which functions take
// in local runs only.
package events

import "embed"

// Files are the events, by name: publish.json.
//
//go:embed *.json
var Files embed.FS
