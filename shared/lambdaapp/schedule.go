package lambdaapp

import (
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// spellSchedule puts a tick of a schedule into words.
func spellSchedule(e events.EventBridgeEvent) (notice, error) {
	name, arn := "schedule", ""
	if len(e.Resources) > 0 {
		arn = e.Resources[0]
		name = arn[strings.LastIndexByte(arn, '/')+1:] // …:rule/{name}, …:schedule/{group}/{name}
	}
	return notice{
		subject: "Schedule: " + name,
		message: "The schedule " + name + " is due.\n\n" + lines(
			[2]string{"Time", e.Time.UTC().Format(time.RFC3339)},
			[2]string{"Schedule", arn},
			place(e),
		),
	}, nil
}
