package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"tocsin/shared/client"
	"tocsin/shared/smn"
)

// A program logs in with a password. The token is fetched at the first call, kept
// and renewed; the program never sees it.
func ExampleNew() {
	service, err := client.New(client.Config{
		Endpoint: "http://127.0.0.1:8080",
		Credential: client.Password{
			Domain: "tocsin", User: "admin", Password: "admin", Project: "local",
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	topic, err := service.CreateTopic(context.Background(), smn.CreateTopicInput{Name: "disk-alerts"})
	if err != nil {
		log.Fatal(err)
	}
	id, err := service.Publish(context.Background(), smn.PublishInput{
		TopicURN: topic.URN,
		Subject:  "Disk",
		Message:  "Disk sda1 is 91 % full.",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("published", id)
}

// A program against SMN itself differs in the configuration only. An access key
// signs each request, so nothing is fetched.
func ExampleAccessKey() {
	service, err := client.New(client.Config{
		Endpoint: "https://smn.eu-de.otc.t-systems.com",
		Credential: client.AccessKey{
			Access: "AK", Secret: "SK", Project: "0123456789abcdef0123456789abcdef",
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	page, err := service.ListTopics(context.Background(), smn.ListTopicsInput{Page: smn.Page{Limit: 10}})
	if err != nil {
		log.Fatal(err)
	}
	for _, topic := range page.Topics {
		fmt.Println(topic.URN)
	}
}

// Errors carry a code to act on and a text to read.
func ExampleClient_Subscribe() {
	service, err := client.New(client.Config{
		Endpoint:   "http://127.0.0.1:8080",
		Credential: client.Password{Domain: "tocsin", User: "admin", Password: "admin", Project: "local"},
	})
	if err != nil {
		log.Fatal(err)
	}
	_, err = service.Subscribe(context.Background(), smn.SubscribeInput{
		TopicURN: "urn:smn:local:0123456789abcdef0123456789abcdef:disk-alerts",
		NewSubscription: smn.NewSubscription{
			Protocol: smn.Email,
			Endpoint: "ops@example.com",
		},
	})
	switch smn.CodeOf(err) {
	case "":
		fmt.Println("a confirmation is on its way")
	case smn.TopicNotFound:
		fmt.Println("create the topic first")
	default:
		var e *smn.Error
		if errors.As(err, &e) {
			fmt.Println(e.Detail)
		}
	}
}

// To see everything, page by marker until a page is empty.
func ExampleClient_ListSubscriptions() {
	service, err := client.New(client.Config{
		Endpoint:   "http://127.0.0.1:8080",
		Credential: client.AccessKey{Access: "LOCALACCESSKEY", Secret: "LOCALSECRETKEY", Project: "0123456789abcdef0123456789abcdef"},
	})
	if err != nil {
		log.Fatal(err)
	}
	var in smn.ListSubscriptionsInput
	for {
		page, err := service.ListSubscriptions(context.Background(), in)
		if err != nil {
			log.Fatal(err)
		}
		if len(page.Subscriptions) == 0 {
			break
		}
		for _, s := range page.Subscriptions {
			fmt.Println(s.Protocol, s.Endpoint, s.Status)
			in.Marker = s.URN.String()
		}
	}
}
