package openapi

import (
	"github.com/getkin/kin-openapi/openapi3"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// markedQuery are the parameters of a list that goes on behind a marker only.
func markedQuery(marker string, more ...parameter) []parameter {
	return append([]parameter{
		{name: "limit", about: "Items at most.", schema: openapi3.NewIntegerSchema().WithMin(1).WithMax(smn.DefaultLimit).WithDefault(smn.DefaultLimit), shared: true},
		{name: "marker", about: marker},
	}, more...)
}

func reports() map[string]described {
	return map[string]described{
		"list-messages": {
			group: groupReports, example: "list-messages", summary: "List the messages of a topic that are still kept, newest first, without their texts.",
			query:   markedQuery("The id of the last message seen; the page begins behind it."),
			answers: map[int]any{200: wire.ListMessagesResponse{}},
		},
		"get-message-report": {
			group: groupReports, example: "get-message-report", summary: "Tell how the delivery of a message stands: counts, and the subscriptions that have not got it.",
			query:   markedQuery("The URN of the last subscription seen; the failures begin behind it."),
			answers: map[int]any{200: wire.MessageReportResponse{}},
		},
		"list-dead-deliveries": {
			group: groupReports, example: "list-dead-deliveries", summary: "List the deliveries of a topic that were given up, by message, newest first. They are kept for 14 days at least.",
			query: markedQuery("{message_id}:{subscription_urn} of the last one seen; the page begins behind it.",
				parameter{name: "message_id", about: "Only those of this message."},
				parameter{name: "subscription_urn", about: "Only those to this subscription."},
			),
			answers: map[int]any{200: wire.ListDeadDeliveriesResponse{}},
		},
		"redeliver": {
			group: groupReports, example: "redeliver",
			summary: "Attempt dead deliveries once more, with all retries: one, those of a message, of a subscription, or of the topic. " +
				"A call takes up to 1000; if the answer has a marker, send it with the next call.",
			body:    wire.RedeliverRequest{},
			answers: map[int]any{200: wire.RedeliverResponse{}},
		},
	}
}
