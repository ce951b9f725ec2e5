package chatbot_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// service is one of the real ones as far as their documents go: it looks at a
// message as they do, keeps what it takes, and answers in their words.
type service struct {
	url     string
	took    []map[string]any
	keyword string
	secret  string
}

// open starts a service. take looks at a message and its size, and gives the answer.
func open(t *testing.T, take func(s *service, r *http.Request, body map[string]any, size int) (ok bool, answer string)) *service {
	t.Helper()
	s := &service{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		var body map[string]any
		if json.Unmarshal(text, &body) != nil || r.Header.Get("Content-Type") != "application/json; charset=utf-8" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		ok, answer := take(s, r, body, len(text))
		if ok {
			s.took = append(s.took, body)
		}
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	s.url = server.URL + "/send?access_token=token"
	return s
}

// at finds a text in nested objects; "" if there is none.
func at(body map[string]any, path ...string) string {
	for _, name := range path[:len(path)-1] {
		body, _ = body[name].(map[string]any)
	}
	text, _ := body[path[len(path)-1]].(string)
	return text
}

func mac(key, data string) string {
	h := hmac.New(sha256.New, []byte(key))
	_, _ = io.WriteString(h, data)
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

func isNow(text string, unit time.Duration) bool {
	n, err := strconv.ParseInt(text, 10, 64)
	age := time.Since(time.Unix(0, n*int64(unit)))
	return err == nil && age < time.Hour && age > -time.Hour
}

func openDingTalk(t *testing.T) *service {
	return open(t, func(s *service, r *http.Request, body map[string]any, size int) (bool, string) {
		query := r.URL.Query()
		switch {
		case query.Get("access_token") != "token":
			return false, `{"errcode":300001,"errmsg":"token is not exist"}`
		case s.secret != "" && (!isNow(query.Get("timestamp"), time.Millisecond) || query.Get("sign") != mac(s.secret, query.Get("timestamp")+"\n"+s.secret)):
			return false, `{"errcode":310000,"errmsg":"sign not match"}`
		case size > 20_000:
			return false, `{"errcode":460101,"errmsg":"message too long"}`
		case at(body, "msgtype") == "markdown":
			return true, `{"errcode":0,"errmsg":"ok"}`
		case at(body, "msgtype") != "text" || at(body, "text", "content") == "":
			return false, `{"errcode":40035,"errmsg":"miss param : text"}`
		case !strings.Contains(at(body, "text", "content"), s.keyword):
			return false, `{"errcode":310000,"errmsg":"keywords not in content"}`
		}
		return true, `{"errcode":0,"errmsg":"ok"}`
	})
}

func openFeishu(t *testing.T) *service {
	return open(t, func(s *service, _ *http.Request, body map[string]any, size int) (bool, string) {
		stamp := at(body, "timestamp")
		switch {
		case s.secret != "" && (!isNow(stamp, time.Second) || at(body, "sign") != mac(stamp+"\n"+s.secret, "")):
			return false, `{"code":19021,"msg":"sign match fail or timestamp is not within one hour from current time"}`
		case size > 20<<10:
			return false, `{"code":9499,"msg":"Bad Request","data":{}}`
		case at(body, "msg_type") == "interactive":
			return true, `{"code":0,"msg":"success","data":{}}`
		case at(body, "msg_type") != "text" || at(body, "content", "text") == "":
			return false, `{"code":19002,"msg":"params error, msg_type need"}`
		case !strings.Contains(at(body, "content", "text"), s.keyword):
			return false, `{"code":19024,"msg":"Key Words Not Found"}`
		}
		return true, `{"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"}`
	})
}

func openWeCom(t *testing.T) *service {
	return open(t, func(_ *service, _ *http.Request, body map[string]any, _ int) (bool, string) {
		if text := at(body, "text", "content"); at(body, "msgtype") != "text" || text == "" || len(text) > 2048 {
			return false, `{"errcode":40058,"errmsg":"text.content exceed max length 2048"}`
		}
		return true, `{"errcode":0,"errmsg":"ok"}`
	})
}

func openWeLink(t *testing.T) *service {
	seen := map[string]bool{}
	return open(t, func(_ *service, _ *http.Request, body map[string]any, _ int) (bool, string) {
		text, uuid := at(body, "content", "text"), at(body, "uuid")
		stamp, _ := body["timeStamp"].(float64)
		if at(body, "messageType") != "text" || text == "" || utf8.RuneCountInString(text) > 500 ||
			len(uuid) != 32 || seen[uuid] || !isNow(fmt.Sprintf("%.0f", stamp), time.Millisecond) {
			return false, `{"code":"58601","data":"","message":"param error"}`
		}
		seen[uuid] = true
		return true, `{"code":"0","data":"success","message":"ok"}`
	})
}

func openSlack(t *testing.T) *service {
	return open(t, func(_ *service, _ *http.Request, body map[string]any, _ int) (bool, string) {
		text := at(body, "text")
		if text == "" || strings.ContainsAny(text, "<>") || utf8.RuneCountInString(text) > 40_000 {
			return false, "invalid_payload"
		}
		return true, "ok"
	})
}

func openTeams(t *testing.T) *service {
	return open(t, func(_ *service, _ *http.Request, body map[string]any, size int) (bool, string) {
		list, _ := body["attachments"].([]any)
		if at(body, "type") != "message" || len(list) != 1 || size > 28<<10 {
			return false, "Bad payload received by generic incoming webhook."
		}
		return true, "1"
	})
}
