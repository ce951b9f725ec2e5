// Command access-key makes sure of a topic with requests that an access key signs.
// Nothing is fetched beforehand, so it suits short programs.
//
//	go run ./examples/access-key disk-alerts
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
	if len(os.Args) != 2 {
		log.Fatal("usage: access-key TOPIC")
	}
	service, err := client.New(client.Config{
		Endpoint: cmp.Or(os.Getenv("TOCSIN_ENDPOINT"), "http://127.0.0.1:8080"),
		Credential: client.AccessKey{
			Access:  cmp.Or(os.Getenv("TOCSIN_ACCESS_KEY"), "LOCALACCESSKEY"),
			Secret:  cmp.Or(os.Getenv("TOCSIN_SECRET_KEY"), "LOCALSECRETKEY"),
			Project: cmp.Or(os.Getenv("TOCSIN_PROJECT_ID"), "0123456789abcdef0123456789abcdef"),
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	topic, err := service.CreateTopic(context.Background(), smn.CreateTopicInput{Name: os.Args[1]})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(topic.URN)
}
