// Command webhook is an endpoint for the messages of one topic: it checks their
// signatures, confirms its subscription by itself, and prints what is published.
//
//	go run ./examples/webhook 127.0.0.1:9000 urn:smn:local:0123456789abcdef0123456789abcdef:disk-alerts
package main

import (
	"cmp"
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"tocsin/shared/receive"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: webhook ADDRESS TOPIC_URN")
	}
	topic := os.Args[2]
	handler, err := receive.New(receive.Config{
		// The certificate is fetched from here and nowhere else, whatever a message says.
		SMN: []string{cmp.Or(os.Getenv("TOCSIN_ENDPOINT"), "http://127.0.0.1:8080")},
		Receive: func(_ context.Context, n receive.Notification) error {
			if n.Topic != topic {
				return receive.ErrUnwanted
			}
			// A message can come twice: whoever acts on it remembers its id.
			fmt.Printf("%s %s: %s\n", n.MessageID, n.Subject, n.Text)
			return nil
		},
		Confirm: func(ctx context.Context, c receive.Confirmation) error {
			if c.TopicURN != topic {
				return receive.ErrUnwanted
			}
			if err := c.Follow(ctx); err != nil {
				return err // the service asks again
			}
			fmt.Println("subscribed to", topic)
			return nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	server := http.Server{Addr: os.Args[1], Handler: handler, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}
