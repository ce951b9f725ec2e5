package stack

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// route leads requests to a function.
type route struct {
	pattern  string // of http.ServeMux
	key      string // as the gateway names it
	function string // folder of the function
}

// defaultKey is the route that takes what no other does.
const defaultKey = "$default"

// readRoutes reads the routes of an HTTP API out of a template.
func readRoutes(path string) ([]route, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read template: %w", err)
	}
	var template struct {
		Resources map[string]struct {
			Type       string `yaml:"Type"`
			Properties struct {
				Events map[string]struct {
					Type       string `yaml:"Type"`
					Properties struct {
						Method string `yaml:"Method"`
						Path   string `yaml:"Path"`
					} `yaml:"Properties"`
				} `yaml:"Events"`
			} `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(text, &template); err != nil {
		return nil, fmt.Errorf("read template %s: %w", path, err)
	}
	var routes []route
	for id, resource := range template.Resources {
		if resource.Type != "AWS::Serverless::Function" {
			continue
		}
		for _, event := range resource.Properties.Events {
			if event.Type == "HttpApi" {
				routes = append(routes, newRoute(event.Properties.Method, event.Properties.Path, FolderOf(id)))
			}
		}
	}
	if len(routes) == 0 {
		return nil, errors.New("template " + path + " has no routes")
	}
	return routes, nil
}

func newRoute(method, path, function string) route {
	if path == "" {
		return route{"/", defaultKey, function}
	}
	method = strings.ToUpper(method)
	pattern := strings.ReplaceAll(path, "+}", "...}")
	if path == "/" {
		pattern = "/{$}" // nothing below it
	}
	if method != "ANY" {
		pattern = method + " " + pattern
	}
	return route{pattern, method + " " + path, function}
}

// FolderOf is the folder of a function by its name in the template: create-topic of
// CreateTopicFunction.
func FolderOf(id string) string {
	var folder strings.Builder
	for i, r := range strings.TrimSuffix(id, "Function") {
		if unicode.IsUpper(r) && i > 0 {
			folder.WriteByte('-')
		}
		folder.WriteRune(unicode.ToLower(r))
	}
	return folder.String()
}
