// Command token logs in with a password and lists the topics of the project. The
// client fetches the token at its first call, keeps it for its 24 hours and renews
// it in time.
//
//	go run ./examples/token
package main

import (
	"cmp"
	"context"
	"fmt"
	"log"
	"os"

	"tocsin/shared/client"
	"tocsin/shared/smn"
)

func main() {
	service, err := client.New(client.Config{
		Endpoint: cmp.Or(os.Getenv("TOCSIN_ENDPOINT"), "http://127.0.0.1:8080"),
		Credential: client.Password{
			Domain:   cmp.Or(os.Getenv("TOCSIN_DOMAIN"), "tocsin"),
			User:     cmp.Or(os.Getenv("TOCSIN_USER"), "admin"),
			Password: cmp.Or(os.Getenv("TOCSIN_PASSWORD"), "admin"),
			Project:  cmp.Or(os.Getenv("TOCSIN_PROJECT_NAME"), "local"),
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	page, err := service.ListTopics(context.Background(), smn.ListTopicsInput{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(page.Total, "topics")
	for _, topic := range page.Topics {
		fmt.Println(topic.URN)
	}
}
