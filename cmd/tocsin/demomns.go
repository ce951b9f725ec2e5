package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tocsin/shared/mns"
)

// The names of MNS's guide: with them a notification has the length that it shows.
const (
	guideProject      = "00000000000000001000000000000001"
	guideTopic        = "/topics/MyTopic1"
	guideSubscription = guideTopic + "/subscriptions/MyTopic1-Sub1"
	guideMessages     = 3
	guideLine         = `"POST" "201" "/notifications" "HTTP/1.1" "495" `
)

// demoMNS goes through the guide of MNS topics, as its sample programs do, and listens
// as its sample endpoint does.
func (h *house) demoMNS(ctx context.Context) error {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	folder := h.settings.data // it is thrown away
	port := listener.Addr().(*net.TCPAddr).Port
	arrivals := make(arrivals, guideMessages)
	log, err := openReceiverLog(folder, port, arrivals)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	handler, err := (&listenCommand{Trust: []string{h.settings.PublicURL}}).handler(log)
	if err != nil {
		return errors.Join(err, listener.Close(), log.close())
	}
	listening, stop := context.WithCancel(ctx)
	stopped := make(chan error, 1)
	go func() { stopped <- serveUntil(listening, listener, log.requests(handler)) }()
	err = h.goThroughGuide(ctx, "http://"+listener.Addr().String(), arrivals)
	stop()
	if err := errors.Join(err, <-stopped, log.close()); err != nil {
		return err
	}
	written, err := os.ReadFile(filepath.Join(folder, fmt.Sprint("endpoint_log.", port)))
	if err != nil {
		return err
	}
	if n := strings.Count(string(written), "Notify Message Succeed!"); n != guideMessages {
		return fmt.Errorf("endpoint_log has %d notifications, not %d", n, guideMessages)
	}
	fmt.Printf("  the first of %d in endpoint_log.%d:\n%s\n", guideMessages, port, indented(string(written)))
	return nil
}

func (h *house) goThroughGuide(ctx context.Context, endpoint string, arrivals arrivals) error {
	fmt.Printf("Tocsin listens on %s, an endpoint on %s\n\n", h.settings.PublicURL, endpoint)
	for _, step := range []struct {
		name, method, target, body string
		status                     int
	}{
		{"create a topic", http.MethodPut, guideTopic, "<Topic/>", http.StatusCreated},
		{"subscribe the endpoint", http.MethodPut, guideSubscription, "<Subscription><Endpoint>" + endpoint + "</Endpoint></Subscription>", http.StatusCreated},
		{"list the subscriptions", http.MethodGet, guideTopic + "/subscriptions", "", http.StatusOK},
	} {
		if err := h.askMNS(ctx, step.name, step.method, step.target, step.body, step.status); err != nil {
			return err
		}
	}
	for n := range guideMessages {
		body := fmt.Sprintf("<Message><MessageBody>I am test message %d.</MessageBody></Message>", n)
		if err := h.askMNS(ctx, "publish", http.MethodPost, guideTopic+"/messages", body, http.StatusCreated); err != nil {
			return err
		}
	}
	if err := arrivals.await(ctx); err != nil {
		return err
	}
	if err := h.askMNS(ctx, "unsubscribe", http.MethodDelete, guideSubscription, "", http.StatusNoContent); err != nil {
		return err
	}
	return h.askMNS(ctx, "delete the topic", http.MethodDelete, guideTopic, "", http.StatusNoContent)
}

// askMNS makes a call as programs of MNS do, and fails unless it is answered so.
func (h *house) askMNS(ctx context.Context, step, method, target, body string, want int) error {
	r, err := http.NewRequestWithContext(ctx, method, h.settings.PublicURL+target, strings.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set(mns.HeaderDate, time.Now().UTC().Format(http.TimeFormat))
	r.Header.Set(mns.HeaderVersion, mns.Version)
	text := mns.StringToSign(method, mns.Fields(r.Header), target)
	r.Header.Set("Authorization", "MNS "+h.settings.AccessKey+":"+mns.Sign(h.settings.SecretKey, text))
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("%s: %w", step, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != want {
		answer, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
		return fmt.Errorf("%s: status %d: %s", step, resp.StatusCode, answer)
	}
	fmt.Printf("%s: %s %s → %d\n", step, method, target, resp.StatusCode)
	return nil
}

// arrivals takes the lines of an access log.
type arrivals chan string

// Write implements io.Writer.
func (a arrivals) Write(line []byte) (int, error) {
	a <- string(line)
	return len(line), nil
}

// await prints the lines of all messages, which must be those of the guide.
func (a arrivals) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, 10*time.Second, errors.New("no notification has arrived"))
	defer cancel()
	for range guideMessages {
		select {
		case line := <-a:
			fmt.Print("  access_log: ", line)
			if !strings.Contains(line, guideLine) {
				return fmt.Errorf("the line should hold %s", guideLine)
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// indented is the first record of an endpoint log that tells of a notification.
func indented(log string) string {
	_, log, _ = strings.Cut(log, "Notify Message Succeed!\n")
	record, _, _ := strings.Cut(log, "\n[")
	return "    " + strings.ReplaceAll(record, "\n", "\n    ")
}
