package stack

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"

	"tocsin/shared/smn"
)

const (
	gatewayTimeout = 30 * time.Second // of an HTTP API
	gatewayBody    = 10 << 20         // likewise
)

// gateway answers requests by functions, as an HTTP API does with events of version
// 2.0 and the stage $default.
type gateway struct {
	mux       *http.ServeMux
	functions *functions
	domain    string
}

func newGateway(routes []route, f *functions, domain string) *gateway {
	g := &gateway{mux: http.NewServeMux(), functions: f, domain: domain}
	for _, r := range routes {
		g.mux.Handle(r.pattern, target(r))
	}
	return g
}

// target is a route as a handler: it is found by the mux, and never called.
type target route

func (target) ServeHTTP(http.ResponseWriter, *http.Request) { panic("stack: a route is no handler") }

// ServeHTTP answers one request.
func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, gatewayBody))
	if err != nil {
		says(w, http.StatusRequestEntityTooLarge, "Request Entity Too Large")
		return
	}
	to, ok := g.find(r)
	if !ok {
		says(w, http.StatusNotFound, "Not Found")
		return
	}
	event, err := json.Marshal(g.event(r, to, body))
	if err != nil {
		says(w, http.StatusBadRequest, "Bad Request")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), gatewayTimeout)
	defer cancel()
	answer, err := g.functions.invoke(ctx, to.function, event)
	if ctx.Err() != nil {
		says(w, http.StatusServiceUnavailable, "Service Unavailable")
		return
	}
	var reply events.APIGatewayV2HTTPResponse
	if err == nil {
		err = json.Unmarshal(answer, &reply)
	}
	if err != nil || reply.StatusCode == 0 {
		says(w, http.StatusInternalServerError, "Internal Server Error")
		return
	}
	write(w, reply)
}

// find gives the route of a request. The mux would redirect what is not in its
// simplest form; a gateway does not.
func (g *gateway) find(r *http.Request) (target, bool) {
	plain := r
	if path.Clean(r.URL.Path) != r.URL.Path {
		plain = &http.Request{Method: "-", Host: r.Host, URL: r.URL.JoinPath("/-")}
	}
	h, _ := g.mux.Handler(plain)
	to, ok := h.(target)
	return to, ok
}

func (g *gateway) event(r *http.Request, to target, body []byte) events.APIGatewayV2HTTPRequest {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	now := time.Now()
	e := events.APIGatewayV2HTTPRequest{
		Version:        "2.0",
		RouteKey:       to.key,
		RawPath:        r.URL.Path, // decoded, as an HTTP API does
		RawQueryString: r.URL.RawQuery,
		Headers:        map[string]string{"host": r.Host},
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			AccountID: "000000000000", APIID: "local", DomainName: g.domain, Stage: "$default", RouteKey: to.key,
			RequestID: smn.NewID(), Time: now.Format("02/Jan/2006:15:04:05 -0700"), TimeEpoch: now.UnixMilli(),
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{
				Method: r.Method, Path: r.URL.Path, Protocol: r.Proto, SourceIP: host, UserAgent: r.UserAgent(),
			},
		},
	}
	for name, values := range r.Header {
		if name == "Cookie" {
			e.Cookies = values
			continue
		}
		e.Headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	if isText(r.Header.Get("Content-Type")) && utf8.Valid(body) {
		e.Body = string(body)
	} else {
		e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), len(body) > 0
	}
	return e
}

func isText(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	kind = strings.TrimSpace(strings.ToLower(kind))
	return kind == "" || strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "json") || strings.HasSuffix(kind, "xml") ||
		kind == "application/javascript"
}

func write(w http.ResponseWriter, reply events.APIGatewayV2HTTPResponse) {
	body := []byte(reply.Body)
	if reply.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(reply.Body); err != nil {
			says(w, http.StatusInternalServerError, "Internal Server Error")
			return
		}
	}
	for name, value := range reply.Headers {
		w.Header()[name] = []string{value} // as the function spells it
	}
	for name, values := range reply.MultiValueHeaders {
		w.Header()[http.CanonicalHeaderKey(name)] = values
	}
	for _, cookie := range reply.Cookies {
		w.Header().Add("Set-Cookie", cookie)
	}
	w.WriteHeader(reply.StatusCode)
	_, _ = w.Write(body)
}

// says answers in the gateway's own words.
func says(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `{"message":"`+message+`"}`)
}
