package door

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"tocsin/shared/intake"
	"tocsin/shared/mns"
)

// operation is one call of the API.
type operation struct {
	name string // in logs and metrics
	act  func(*visit, context.Context) (reply, error)
}

// The operations, by the kind of their path and their method. Those that set attributes
// share theirs with those that make something.
var (
	listTopics  = operation{"mns-list-topics", (*visit).listTopics}
	createTopic = operation{"mns-create-topic", (*visit).createTopic}
	setTopic    = operation{"mns-set-topic", (*visit).setTopic}
	getTopic    = operation{"mns-get-topic", (*visit).getTopic}
	deleteTopic = operation{"mns-delete-topic", (*visit).deleteTopic}

	listSubscriptions = operation{"mns-list-subscriptions", (*visit).listSubscriptions}
	subscribe         = operation{"mns-subscribe", (*visit).subscribe}
	setSubscription   = operation{"mns-set-subscription", (*visit).setSubscription}
	getSubscription   = operation{"mns-get-subscription", (*visit).getSubscription}
	unsubscribe       = operation{"mns-unsubscribe", (*visit).unsubscribe}

	publish = operation{Publish, (*visit).publish}
)

// Publish is the name of the operation that takes messages.
const Publish = "mns-publish"

// Operations are the names of all operations.
func Operations() []string {
	return []string{
		listTopics.name, createTopic.name, setTopic.name, getTopic.name, deleteTopic.name,
		listSubscriptions.name, subscribe.name, setSubscription.name, getSubscription.name, unsubscribe.name,
		publish.name,
	}
}

// place is where a request leads to.
type place struct {
	op           *operation // nil if there is none
	topic        string     // its name, as it was written
	subscription string
	allowed      string // methods that the path has
}

func (p place) name() string {
	if p.op == nil {
		return "none"
	}
	return p.op.name
}

// IsOwn says whether a request is for this door.
func IsOwn(r *http.Request) bool {
	path := single(r.URL.Path)
	return path == "/topics" || strings.HasPrefix(path, "/topics/")
}

// single takes away the second of two leading slashes: the SDK for Go writes one when
// its endpoint ends in a slash, and does not sign it.
func single(path string) string {
	if strings.HasPrefix(path, "//") {
		return path[1:]
	}
	return path
}

// find finds the operation of a request. InvalidRequestURL, MethodNotAllowed,
// InvalidQueryString.
func find(r *http.Request) (place, error) {
	var p place
	segments := strings.Split(single(r.URL.EscapedPath()), "/")[1:]
	kind := slices.Clone(segments)
	for i, name := range map[int]*string{1: &p.topic, 3: &p.subscription} {
		if i < len(segments) {
			*name, _ = url.PathUnescape(segments[i]) // what EscapedPath gives is well-formed
			kind[i] = "*"
		}
	}
	methods, ok := routes[strings.Join(kind, "/")]
	if !ok {
		return place{}, mns.Errorf(mns.InvalidRequestURL, "There is no such path. Those of topics begin with /topics.")
	}
	for _, m := range methods {
		if m.method == r.Method {
			p.op = m.op
		}
		p.allowed += ", " + m.method
	}
	p.allowed = strings.TrimPrefix(p.allowed, ", ")
	if p.op == nil {
		return p, mns.Errorf(mns.MethodNotAllowed, "This path has no method %s.", intake.Shortened(r.Method))
	}
	overrides, err := isOverride(r.URL.RawQuery)
	if overrides {
		switch p.op {
		case &createTopic:
			p.op = &setTopic
		case &subscribe:
			p.op = &setSubscription
		}
	}
	return p, err
}

type route struct {
	method string
	op     *operation
}

// routes are the operations by the kind of their path.
var routes = map[string][]route{
	"topics":                   {{http.MethodGet, &listTopics}},
	"topics/*":                 {{http.MethodPut, &createTopic}, {http.MethodGet, &getTopic}, {http.MethodDelete, &deleteTopic}},
	"topics/*/subscriptions":   {{http.MethodGet, &listSubscriptions}},
	"topics/*/subscriptions/*": {{http.MethodPut, &subscribe}, {http.MethodGet, &getSubscription}, {http.MethodDelete, &unsubscribe}},
	"topics/*/messages":        {{http.MethodPost, &publish}},
}

// isOverride reads metaoverride, by which a PUT sets attributes of what is there.
func isOverride(rawQuery string) (bool, error) {
	query, err := url.ParseQuery(rawQuery)
	if err != nil {
		return false, mns.Errorf(mns.InvalidQueryString, "The query cannot be read.")
	}
	overrides := false
	for name, values := range query {
		if !strings.EqualFold(name, "metaoverride") {
			continue
		}
		for _, value := range values {
			isTrue := strings.EqualFold(value, "true")
			if !isTrue && !strings.EqualFold(value, "false") {
				return false, mns.Errorf(mns.InvalidQueryString, "metaoverride is true or false.")
			}
			overrides = overrides || isTrue
		}
	}
	return overrides, nil
}
