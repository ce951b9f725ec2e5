// Command webhook is an endpoint for the messages of one topic: it checks their
// signatures, confirms its subscription by itself, and prints what is published.
//
//	go run ./examples/webhook 127.0.0.1:9000 urn:smn:local:0123456789abcdef0123456789abcdef:disk-alerts
package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"

	"tocsin/shared/signing"
	"tocsin/shared/wire"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: webhook ADDRESS TOPIC_URN")
	}
	hook := webhook{
		topic: os.Args[2],
		// The certificate is fetched from here and nowhere else, whatever a message says.
		verifier: &signing.Verifier{BaseURL: cmp.Or(os.Getenv("TOCSIN_ENDPOINT"), "http://127.0.0.1:8080")},
	}
	server := http.Server{Addr: os.Args[1], Handler: hook, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}

type webhook struct {
	topic    string
	verifier *signing.Verifier
}

func (h webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 2<<20)) // a message has up to 256 KiB, in JSON up to six times that
	if err != nil {
		http.Error(w, "the body cannot be read", http.StatusBadRequest)
		return
	}
	message, err := h.verifier.Verify(r.Context(), body)
	switch {
	case errors.Is(err, signing.ErrUnavailable): // the service tries again
		http.Error(w, "the certificate cannot be fetched", http.StatusServiceUnavailable)
	case err != nil || message.TopicURN != h.topic:
		http.Error(w, "this is not a message for us", http.StatusForbidden)
	case message.Type == wire.TypeConfirmation:
		h.confirm(w, r, message.SubscribeURL)
	case message.Type == wire.TypeNotification:
		// A message can come twice: whoever acts on it remembers its id.
		fmt.Printf("%s %s: %s\n", message.MessageID, message.Subject, message.Message)
	}
}

// confirm follows a link that was signed by the service, and so leads to it.
func (h webhook) confirm(w http.ResponseWriter, r *http.Request, link string) {
	visit, err := http.NewRequestWithContext(r.Context(), http.MethodGet, link, http.NoBody)
	if err == nil {
		err = follow(visit)
	}
	if err != nil {
		http.Error(w, "the subscription cannot be confirmed", http.StatusServiceUnavailable)
		return
	}
	fmt.Println("subscribed to", h.topic)
}

func follow(r *http.Request) error {
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return errors.New(answer.Status)
	}
	return nil
}
