package main

import (
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"tocsin/shared/receive"
)

// receiverLog writes the two files of MNS's sample endpoint, in its forms. What
// strangers write can neither begin a line nor end a field.
type receiverLog struct {
	console io.Writer
	now     func() time.Time

	mu       sync.Mutex
	access   *os.File
	endpoint *os.File
}

// openReceiverLog opens the files of a port, which grow: nothing else removes lines.
func openReceiverLog(folder string, port int, console io.Writer) (*receiverLog, error) {
	open := func(name string) (*os.File, error) { // they hold messages: for the owner's eyes
		return os.OpenFile(filepath.Join(folder, fmt.Sprint(name, ".", port)), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	}
	access, err := open("access_log")
	if err != nil {
		return nil, err
	}
	endpoint, err := open("endpoint_log")
	if err != nil {
		return nil, errors.Join(err, access.Close())
	}
	return &receiverLog{console: console, now: time.Now, access: access, endpoint: endpoint}, nil
}

func (l *receiverLog) close() error { return errors.Join(l.access.Close(), l.endpoint.Close()) }

// requests writes a line for each request that a handler answers, before the answer
// is sent.
func (l *receiverLog) requests(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := &statusWriter{ResponseWriter: w}
		next.ServeHTTP(answer, r)
		l.request(r, answer.status)
	})
}

// statusWriter remembers the status.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (l *receiverLog) request(r *http.Request, status int) {
	fields := []string{r.Method, strconv.Itoa(status), r.URL.EscapedPath(), r.Proto, r.Header.Get("Content-Length"), r.Host}
	for _, name := range []string{"User-Agent", "X-Mns-Request-Id", "X-Mns-Version"} {
		fields = append(fields, r.Header.Get(name))
	}
	for i, field := range fields {
		fields[i] = strconv.QuoteToASCII(cmp.Or(field, "-"))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	line := l.now().Format("[02/Jan/2006 15:04:05]") + strings.Join(fields, " ") + "\n"
	// The answer stands, whether there is room for its line or not.
	_, _ = io.WriteString(l.access, line)
	_, _ = io.WriteString(l.console, line)
}

// notification writes down what was received.
func (l *receiverLog) notification(n receive.Notification) error {
	var text strings.Builder
	text.WriteString("Notify Message Succeed!")
	for _, field := range [][2]string{
		{"TopicOwner", n.TopicOwner},
		{"TopicName", n.Topic},
		{"Subscriber", n.Subscriber},
		{"SubscriptionName", n.Subscription},
		{"MessageId", n.MessageID},
		{"MessageMD5", n.MessageMD5},
		{"MessageTag", n.Tag},
		{"Message", n.Text},
		{"PublishTime", strconv.FormatInt(n.Published.UnixMilli(), 10)},
	} {
		fmt.Fprintf(&text, "\n%-30s: %s", field[0], escaped(field[1]))
	}
	return l.write("INFO", text.String())
}

// escaped writes a text as in XML, in one line.
func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes everything
	return printable(b.String())
}

// refused writes why a request was not answered with 201.
func (l *receiverLog) refused(status int, why error) {
	text, ok := map[int]string{http.StatusForbidden: "Access Forbidden", http.StatusBadRequest: "Invalid Notify Message"}[status]
	if !ok {
		text = http.StatusText(status)
	}
	_ = l.note("WARNING", text+"! "+why.Error()) // the request is refused in any case
}

// note writes a text of one line.
func (l *receiverLog) note(level, text string) error { return l.write(level, printable(text)) }

// write writes a text of our own making: what comes from others is escaped by now.
func (l *receiverLog) write(level, text string) error {
	_, file, line, _ := runtime.Caller(1)
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := fmt.Fprintf(l.endpoint, "%s [root] [%s] [%s:%d] [%d] %s\n", l.now().Format("[2006-01-02 15:04:05]"), level, filepath.Base(file), line, os.Getpid(), text)
	return err
}
