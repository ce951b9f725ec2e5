package contract

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
	"tocsin/shared/deliver/post"
	"tocsin/shared/deliver/webhook"
	"tocsin/shared/httpapi"
	"tocsin/shared/smn"
	"tocsin/shared/smn/smntest"
	"tocsin/shared/wire"
)

// visitor sends plain requests, as curl and browsers do.
type visitor struct {
	url   string
	token string
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// json reads the body as an object.
func (a answer) json(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	require.NoError(t, json.Unmarshal([]byte(a.body), &v), a.body)
	return v
}

func (v visitor) send(t *testing.T, method, path, body string) answer {
	t.Helper()
	return v.sendWith(t, method, path, body, nil)
}

func (v visitor) sendWith(t *testing.T, method, path, body string, header http.Header) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, v.url+path, strings.NewReader(body))
	require.NoError(t, err)
	maps.Copy(r.Header, header)
	if v.token != "" {
		r.Header.Set("X-Auth-Token", v.token)
	}
	resp, err := held(http.DefaultTransport).RoundTrip(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return answer{status: resp.StatusCode, header: resp.Header, body: string(text)}
}

// visit gives an installation and a visitor who has logged in as the owner.
func visit(t *testing.T) (installation, visitor) {
	t.Helper()
	in := install(t)
	token, err := in.api.Identity.IssueToken(t.Context(), login(smntest.Owner))
	require.NoError(t, err)
	return in, visitor{url: in.server(t).URL, token: token.Value}
}

// TestBodies sees the parts of answers that client libraries do not show.
func TestBodies(t *testing.T) {
	_, v := visit(t)
	a := v.send(t, "GET", mine+"/topics", "")
	require.Equal(t, http.StatusOK, a.status)
	require.Equal(t, "application/json", a.header.Get("Content-Type"))
	require.Equal(t, a.header.Get("X-Request-Id"), a.json(t)["request_id"])
	require.Contains(t, a.body, `"topic_count":0,"topics":[]`)
	require.Contains(t, v.send(t, "GET", mine+"/subscriptions?offset=5&unknown=x", "").body, `"subscription_count":0,"subscriptions":[]`)

	a = v.send(t, "POST", mine+"/topics", `{"name":"topic","display_name":"<&>","unknown":{"a":[1]}}`)
	require.Equal(t, http.StatusCreated, a.status, a.body)
	require.Equal(t, urn, a.json(t)["topic_urn"])
	require.Equal(t, http.StatusOK, v.send(t, "POST", mine+"/topics", `{"name":"topic"}`).status)

	for _, spelt := range []string{urn, strings.ReplaceAll(urn, ":", "%3A"), strings.ReplaceAll(urn, ":", "%3a")} {
		a = v.send(t, "GET", mine+"/topics/"+spelt, "")
		require.Equal(t, http.StatusOK, a.status, a.body)
		topic := a.json(t)
		require.InDelta(t, 0, topic["push_policy"], 0)
		require.Equal(t, "0", topic["enterprise_project_id"])
		require.Equal(t, "<&>", topic["display_name"])
		require.Contains(t, a.body, `"<&>"`, "HTML is not escaped")
		for _, ttl := range []string{`"60"`, `60`} {
			a = v.send(t, "POST", mine+"/topics/"+spelt+"/publish", `{"subject":"","message":"m","time_to_live":`+ttl+`}`)
			require.Equal(t, http.StatusOK, a.status, a.body)
			require.True(t, smn.IsID(a.json(t)["message_id"].(string)))
		}
	}

	a = v.send(t, "PUT", mine+"/topics/"+urn, `{}`)
	require.Equal(t, http.StatusOK, a.status, a.body)
	require.Equal(t, urn, a.json(t)["topic_urn"])
	require.Equal(t, http.StatusOK, v.send(t, "PUT", mine+"/topics/"+urn, `{"topic_urn":"x","name":"y","display_name":"new"}`).status)
	require.Equal(t, "new", v.send(t, "GET", mine+"/topics/"+urn, "").json(t)["display_name"])

	const empty = `"attributes":{"access_policy":"","introduction":"","sms_sign_id":""}`
	require.Contains(t, v.send(t, "GET", mine+"/topics/"+urn+"/attributes", "").body, empty)
	policy := `{"Version":"2016-09-07","Id":"i","Statement":[{"Sid":"s","Effect":"Allow","Principal":{"Service":["OBS"]},"Action":"*","Resource":"` + urn + `"}]}`
	value, err := json.Marshal(map[string]string{"value": "\n" + policy})
	require.NoError(t, err)
	a = v.send(t, "PUT", mine+"/topics/"+urn+"/attributes/access_policy", string(value))
	require.Equal(t, http.StatusOK, a.status, a.body)
	require.Len(t, a.json(t), 1)
	list := v.send(t, "GET", mine+"/topics/"+urn+"/attributes?name=access_policy", "").json(t)["attributes"].(map[string]any)
	require.Len(t, list, 3)
	require.Equal(t, "\n"+policy, list["access_policy"], "byte for byte")
	require.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`, list["create_time"])
	require.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`, list["update_time"])
	for _, path := range []string{"/attributes/access_policy", "/attributes"} {
		a = v.send(t, "DELETE", mine+"/topics/"+urn+path, "")
		require.Equal(t, http.StatusOK, a.status, a.body)
		require.Len(t, a.json(t), 1)
		require.Contains(t, v.send(t, "GET", mine+"/topics/"+urn+"/attributes", "").body, empty)
	}

	a = v.send(t, "POST", mine+"/topics/"+urn+"/subscriptions", `{"protocol":"","endpoint":"","subscriptions":[{"protocol":"ftp"},{"protocol":"email","endpoint":"a@example.com"}]}`)
	require.Equal(t, http.StatusCreated, a.status, a.body)
	results := a.json(t)["subscriptions_result"].([]any)
	require.Len(t, results, 2)
	require.InDelta(t, 400, results[0].(map[string]any)["http_code"], 0)
	require.Equal(t, "SMN.0011", results[0].(map[string]any)["code"])
	require.Equal(t, results[1].(map[string]any)["subscription_urn"], a.json(t)["subscription_urn"])
	a = v.send(t, "POST", mine+"/topics/"+urn+"/subscriptions", `{"protocol":"email","endpoint":"a@example.com","subscriptions":[]}`)
	require.Equal(t, http.StatusOK, a.status, "an empty list beside a subscription does not count")
	a = v.send(t, "GET", mine+"/topics/"+urn+"/subscriptions", "")
	item := a.json(t)["subscriptions"].([]any)[0].(map[string]any)
	require.Equal(t, smntest.Owner.Project, item["owner"])
	require.InDelta(t, 0, item["status"], 0)
	require.Empty(t, item["remark"])

	sub := item["subscription_urn"].(string)
	a = v.send(t, "DELETE", mine+"/subscriptions/"+url.PathEscape(sub), "")
	require.Equal(t, http.StatusOK, a.status, a.body)
	require.Len(t, a.json(t), 1)
	a = v.send(t, "DELETE", mine+"/topics/"+urn, "")
	require.Equal(t, http.StatusOK, a.status, a.body)
	require.Len(t, a.json(t), 1)
	require.Equal(t, http.StatusNotFound, v.send(t, "GET", mine+"/topics/"+urn, "").status)
}

// TestDeliveriesDoNotPublish: a topic that is subscribed by the address at which
// it is published, with a token among its headers, must not go round for ever.
func TestDeliveriesDoNotPublish(t *testing.T) {
	in, v := visit(t)
	_, err := in.broker.CreateTopic(smn.WithCaller(t.Context(), smntest.Owner), smn.CreateTopicInput{Name: "topic"})
	require.NoError(t, err)
	for header, want := range map[string]int{
		wire.HeaderDelivery: http.StatusForbidden, strings.ToLower(wire.HeaderDelivery): http.StatusForbidden, "X-Other": http.StatusOK,
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, v.url+mine+"/topics/"+urn+"/publish", strings.NewReader(`{"message":"m"}`))
		require.NoError(t, err)
		r.Header["X-Auth-Token"], r.Header[header] = []string{v.token}, []string{"1"}
		resp, err := checked{http.DefaultTransport}.RoundTrip(r)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, want, resp.StatusCode, "%s", body)
		if want == http.StatusForbidden {
			require.Contains(t, string(body), "SMN.0001")
			require.Contains(t, string(body), wire.HeaderDelivery)
		}
	}
	// What a subscription would send to its own topic.
	poster := post.New(post.Config{AllowPrivate: true, Writer: true})
	defer poster.Close()
	o := webhook.New(poster).Send(t.Context(), deliver.Delivery{
		Type: wire.TypeNotification, Endpoint: v.url + mine + "/topics/" + urn + "/publish", Text: "m",
		Extension: smn.Extension{Header: map[string]string{"x-auth-token": v.token}},
	})
	require.Equal(t, deliver.Outcome{Result: deliver.Dead, Status: 403, Reason: "HTTP 403"}, o)
}

func TestVersions(t *testing.T) {
	_, v := visit(t)
	v.token = ""
	a := v.send(t, "GET", "/", "")
	require.Equal(t, http.StatusOK, a.status)
	require.JSONEq(t, `{"versions":[{"id":"v2","links":[{"href":"http://tocsin.test/v2","rel":"self"}],"min_version":"","status":"CURRENT","updated":"2018-09-19T00:00:00Z","version":""}]}`, a.body)
	require.Contains(t, v.send(t, "GET", "/v2", "").json(t), "version")
	for _, root := range []string{"/v2", "/v3"} { // clients follow the catalog, which has the slash
		a := v.send(t, "GET", root+"/", "")
		require.Equal(t, http.StatusOK, a.status, root)
		require.Equal(t, v.send(t, "GET", root, "").body, a.body)
		require.Equal(t, http.StatusNotFound, v.send(t, "POST", root+"/", "").status)
		require.Equal(t, http.StatusNotFound, v.send(t, "GET", root+"//", "").status)
	}
}

func TestCertificates(t *testing.T) {
	in, v := visit(t)
	v.token = ""
	id := in.api.Certificates.(interface{ CertificateID() string }).CertificateID()
	for _, path := range []string{"/smn/", "/v2/notifications/certifications/download/"} {
		a := v.send(t, "GET", path+id, "")
		require.Equal(t, http.StatusOK, a.status)
		require.True(t, strings.HasPrefix(a.body, "-----BEGIN CERTIFICATE-----\n"), "nothing before it")
		require.True(t, strings.HasSuffix(a.body, "\n-----END CERTIFICATE-----\n"), "nothing behind it")
		block, rest := pem.Decode([]byte(a.body))
		require.Empty(t, rest, "it is one")
		certificate, err := x509.ParseCertificate(block.Bytes)
		require.NoError(t, err)
		require.Equal(t, 3, certificate.Version, "endpoints of MNS look for the key where version 3 has it")
		a = v.send(t, "GET", path+"SMN_x.pem", "")
		require.Equal(t, http.StatusNotFound, a.status)
		require.Len(t, a.json(t), 1)
		require.NotEmpty(t, a.json(t)["message"])
	}
}

// TestPages opens and presses what a person finds in a mail.
func TestPages(t *testing.T) {
	in, v := visit(t)
	v.token = ""
	owner := smn.WithCaller(t.Context(), smntest.Owner)
	_, err := in.broker.CreateTopic(owner, smn.CreateTopicInput{Name: "topic"})
	require.NoError(t, err)
	_, err = in.broker.Subscribe(owner, smn.SubscribeInput{TopicURN: urn, NewSubscription: smn.NewSubscription{Protocol: smn.Email, Endpoint: "a@example.com"}})
	require.NoError(t, err)
	confirm := strings.TrimPrefix(in.mail(t, func(s string) bool { return s != "" }), base)
	status := func() smn.Status {
		page, err := in.broker.ListSubscriptionsByTopic(owner, smn.ListSubscriptionsByTopicInput{TopicURN: urn})
		require.NoError(t, err)
		return page.Subscriptions[0].Status
	}
	sub := func() string {
		page, err := in.broker.ListSubscriptionsByTopic(owner, smn.ListSubscriptionsByTopicInput{TopicURN: urn})
		require.NoError(t, err)
		return page.Subscriptions[0].URN.String()
	}()

	page := v.send(t, "GET", confirm, "")
	require.Equal(t, http.StatusOK, page.status)
	require.Equal(t, "text/html; charset=utf-8", page.header.Get("Content-Type"))
	require.Contains(t, page.body, `<form method="post"><button>`)
	require.Contains(t, page.body, "topic topic")
	require.Equal(t, "no-referrer", page.header.Get("Referrer-Policy"), "the address holds the token")
	require.Contains(t, page.header.Get("Content-Security-Policy"), "default-src 'none'")
	require.Equal(t, smn.Unconfirmed, status(), "opening changes nothing: mail scanners open every link")

	require.Equal(t, http.StatusOK, v.send(t, "POST", confirm, "").status)
	require.Equal(t, smn.Confirmed, status())
	require.Equal(t, http.StatusOK, v.send(t, "POST", confirm, "").status, "pressing twice is harmless")

	unsubscribe := "/smn/subscription/unsubscribe?subscription_urn=" + sub
	require.Equal(t, http.StatusOK, v.send(t, "GET", unsubscribe, "").status)
	require.Equal(t, smn.Confirmed, status())
	require.Equal(t, http.StatusOK, v.sendWith(t, "POST", unsubscribe, "List-Unsubscribe=One-Click",
		http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}).status)
	require.Equal(t, smn.Cancelled, status())

	page = v.send(t, "POST", confirm, "")
	require.Equal(t, http.StatusForbidden, page.status, "the old link is over")
	require.Contains(t, page.body, page.header.Get("X-Request-Id"))
	page = v.send(t, "GET", "/smn/subscription/confirm?topic_urn=%3Cscript%3Ealert(1)%3C/script%3E", "")
	require.NotContains(t, page.body, "<script")
	require.Equal(t, http.StatusBadRequest, v.send(t, "GET", "/smn/subscription/unsubscribe?subscription_urn=%3Cscript%3E", "").status)
}

// mail waits for the confirmation link of a mail.
func (in installation) mail(t *testing.T, wanted func(string) bool) string {
	t.Helper()
	var link string
	require.Eventually(t, func() bool {
		mails, err := in.outbox.ListMail(t.Context(), 10)
		require.NoError(t, err)
		for _, m := range mails {
			if wanted(m.SubscribeURL) {
				link = m.SubscribeURL
				return true
			}
		}
		return false
	}, patience, patienceStep)
	return link
}

// TestLinks sees the shape in which links report errors.
func TestLinks(t *testing.T) {
	_, v := visit(t)
	v.token = ""
	for path, status := range map[string]int{
		"/rest/v2/notifications/subscription/confirm":                             403,
		"/rest/v2/notifications/subscription/confirm?token=zz":                    403,
		"/v2/notifications/subscriptions/subscribe?token=00&topic_urn=x":          400,
		"/rest/v2/notifications/subscription/unsubscribe":                         400,
		"/v2/notifications/subscriptions/unsubscribe?subscription_urn=" + urn:     400,
		"/v2/notifications/subscriptions/unsubscribe?subscription_urn=" + missing: 404,
	} {
		a := v.send(t, "GET", path, "")
		require.Equal(t, status, a.status, path)
		require.Len(t, a.json(t), 1, "only a message")
		require.NotEmpty(t, a.json(t)["message"])
	}
}

const missing = urn + ":00000000000000000000000000000000"

// TestTokens logs in the ways that SDKs do.
func TestTokens(t *testing.T) {
	_, v := visit(t)
	v.token = ""
	const password = `{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"owner","password":"password of owner","domain":{"name":"domain"}}}}`
	a := v.send(t, "POST", "/v3/auth/tokens", password+`,"scope":{"project":{"name":"project of owner"}}}}`)
	require.Equal(t, http.StatusCreated, a.status, a.body)
	token := a.header.Get("X-Subject-Token")
	require.NotEmpty(t, token)
	body := a.json(t)["token"].(map[string]any)
	require.Equal(t, smntest.Owner.Project, body["project"].(map[string]any)["id"])
	require.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$`, body["expires_at"])
	require.Len(t, body["catalog"], 3)
	require.Contains(t, a.body, `"url":"http://tocsin.test/v2/`+smntest.Owner.Project+`"`)
	require.Equal(t, http.StatusOK, visitor{url: v.url, token: token}.send(t, "GET", mine+"/topics", "").status)

	require.NotContains(t, v.send(t, "POST", "/v3/auth/tokens?nocatalog=true", password+`}}`).body, "catalog")
	a = v.send(t, "POST", "/v3/auth/tokens", `{"auth":{"identity":{"methods":["token"],"token":{"id":"`+token+`"}},"scope":{"project":{"id":"`+smntest.Owner.Project+`"}}}}`)
	require.Equal(t, http.StatusCreated, a.status, a.body)
	require.NotEmpty(t, a.header.Get("X-Subject-Token"))

	inspect := func(subject string) answer {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, v.url+"/v3/auth/tokens", http.NoBody)
		require.NoError(t, err)
		r.Header.Set("X-Auth-Token", token)
		r.Header.Set("X-Subject-Token", subject)
		resp, err := held(http.DefaultTransport).RoundTrip(r)
		require.NoError(t, err)
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return answer{status: resp.StatusCode, header: resp.Header, body: string(text)}
	}
	a = inspect(token)
	require.Equal(t, http.StatusOK, a.status)
	require.Equal(t, token, a.header.Get("X-Subject-Token"))
	require.Equal(t, http.StatusUnauthorized, inspect("x").status)

	for name, c := range map[string]struct {
		body   string
		status int
	}{
		"wrong password":  {strings.Replace(password, "password of", "pass word of", 1) + `}}`, 401},
		"unknown user":    {strings.Replace(password, `"owner"`, `"nobody"`, 1) + `}}`, 401},
		"foreign domain":  {password + `,"scope":{"project":{"name":"project of owner","domain":{"name":"elsewhere"}}}}}`, 401},
		"domain only":     {password + `,"scope":{"domain":{"name":"elsewhere"}}}}`, 401},
		"foreign project": {password + `,"scope":{"project":{"id":"` + smntest.Stranger.Project + `"}}}}`, 401},
		"no method":       {`{"auth":{}}`, 400},
		"broken":          {`{"auth":`, 400},
		"wrong type":      {`{"auth":{"identity":{"methods":"password"}}}`, 400},
	} {
		a := v.send(t, "POST", "/v3/auth/tokens", c.body)
		require.Equal(t, c.status, a.status, name+a.body)
		e := a.json(t)["error"].(map[string]any)
		require.InDelta(t, c.status, e["code"], 0)
		require.Equal(t, http.StatusText(c.status), e["title"])
		require.NotEmpty(t, e["message"])
	}
	require.Equal(t, http.StatusCreated, v.send(t, "POST", "/v3/auth/tokens", password+`,"scope":{"project":{"name":"project of owner","domain":{"id":"domain"}}}}}`).status)
}

// TestMountingNeedsParts sees that a part which is missing is told at start.
func TestMountingNeedsParts(t *testing.T) {
	in := install(t)
	full := in.api
	for name, c := range map[string]struct {
		without func(*httpapi.Config)
		op      httpapi.Operation
	}{
		"service":      {func(c *httpapi.Config) { c.Service = nil }, httpapi.ConfirmSubscription},
		"identity":     {func(c *httpapi.Config) { c.Identity = nil }, httpapi.Publish},
		"logins":       {func(c *httpapi.Config) { c.Identity = nil }, httpapi.IssueToken},
		"certificates": {func(c *httpapi.Config) { c.Certificates = nil }, httpapi.GetCertificate},
	} {
		config := full
		c.without(&config)
		_, err := httpapi.New(config, c.op)
		require.ErrorContains(t, err, c.op.Name, name)
	}
	_, err := httpapi.New(httpapi.Config{}, httpapi.ListVersions, httpapi.GetVersion)
	require.NoError(t, err, "what needs nothing can stand alone")
}
