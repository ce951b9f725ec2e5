// Command cron runs a program, as a line of a crontab would, and publishes its
// output when it fails. So the people who subscribed hear of a broken backup.
//
//	0 3 * * * cron urn:smn:local:0123456789abcdef0123456789abcdef:backups /usr/local/bin/backup
package main

import (
	"cmp"
	"context"
	"errors"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"tocsin/shared/client"
	"tocsin/shared/smn"
)

func main() {
	if len(os.Args) < 3 {
		log.Fatal("usage: cron TOPIC_URN COMMAND [ARGUMENT …]")
	}
	ctx, topic, command := context.Background(), os.Args[1], os.Args[2:]
	output, failure := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput()
	if failure == nil {
		return
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
	if err := publish(ctx, service, smn.PublishInput{
		TopicURN:   topic,
		Subject:    filepath.Base(command[0]) + " has failed",
		Message:    failure.Error() + "\n\n" + tail(string(output)),
		TimeToLive: 24 * time.Hour, // news of a broken backup does not age in an hour
	}); err != nil {
		log.Fatal(err)
	}
}

// publish tries a few times: nobody watches a job in the night. A message that was
// taken although the answer was lost comes twice, which is better than never.
func publish(ctx context.Context, service smn.Publisher, in smn.PublishInput) error {
	for wait := time.Second; ; wait *= 4 {
		_, err := service.Publish(ctx, in)
		var refused *smn.Error // by a service that is there and will not change its mind
		if err == nil || wait > time.Minute || errors.As(err, &refused) && refused.Code != smn.Overloaded {
			return err
		}
		time.Sleep(wait)
	}
}

// tail is the end of a text, as much as a message can hold beside the error.
func tail(s string) string {
	const most = smn.MaxMessage / 2
	if len(s) > most {
		s = s[len(s)-most:]
	}
	return strings.ToValidUTF8(s, "?")
}
