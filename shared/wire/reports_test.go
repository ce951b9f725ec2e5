package wire_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// A message that was not delivered everywhere, as the golden files show it.
var (
	published = smn.PublishedMessage{ID: "bf94b63a5dfb475994d3ac34664e24f2", Subject: "Disk", AcceptedAt: moment}
	retrying  = smn.DeliveryFailure{
		SubscriptionURN: subscriptionURN, Protocol: smn.HTTPS, Attempts: 2, NextAttemptAt: moment.Add(20 * time.Second),
		Status: 503, Reason: "HTTP 503", At: moment.Add(5 * time.Second),
	}
	orphan = smn.DeliveryFailure{
		SubscriptionURN: smn.SubscriptionURN{Topic: topicURN, ID: "c2aa5a1f66df494184f4e108398de1a6"},
		Attempts:        1, Dead: true, Reason: "subscription or topic deleted", At: moment,
	}
	messageReport = smn.MessageReport{
		PublishedMessage: published, ExpiresAt: moment.Add(time.Hour), FannedOut: true,
		Counts:   smn.DeliveryCounts{Matched: 10, Delivered: 8, Retrying: 1, Dead: 1, Filtered: 2},
		Failures: []smn.DeliveryFailure{retrying, orphan},
	}
	deadDelivery = smn.DeadDelivery{Message: published, DeliveryFailure: smn.DeliveryFailure{
		SubscriptionURN: subscriptionURN, Protocol: smn.HTTPS, Attempts: 7, Dead: true, Status: 503, Reason: "HTTP 503",
		At: moment.Add(27 * time.Minute),
	}}
)

func goldenReports() map[string]any {
	return map[string]any{
		"list-messages-response": wire.ListMessagesResponse{
			RequestID: request, Messages: []wire.PublishedMessage{wire.NewPublishedMessage(published)},
		},
		"list-messages-empty-response": wire.ListMessagesResponse{
			RequestID: request, Messages: wire.List([]smn.PublishedMessage(nil), wire.NewPublishedMessage),
		},
		"get-message-report-response": wire.NewMessageReport(request, topicURN.String(), messageReport),
		"list-dead-deliveries-response": wire.ListDeadDeliveriesResponse{
			RequestID: request, DeadDeliveries: []wire.DeadDelivery{wire.NewDeadDelivery(deadDelivery)},
		},
		"redeliver-request": wire.NewRedeliverRequest(smn.DeadFilter{
			MessageID: published.ID, SubscriptionURN: subscriptionURN.String(),
		}),
		"redeliver-response": wire.RedeliverResponse{RequestID: request, Redelivered: smn.MaxRedeliver, Marker: deadDelivery.Marker()},
	}
}

func TestTranslationsOfReportsAreInverse(t *testing.T) {
	report, err := wire.NewMessageReport(request, topicURN.String(), messageReport).Report()
	require.NoError(t, err)
	require.Equal(t, messageReport, report)
	dead, err := wire.NewDeadDelivery(deadDelivery).Delivery()
	require.NoError(t, err)
	require.Equal(t, deadDelivery, dead)
	filter := smn.DeadFilter{MessageID: "m", SubscriptionURN: "s", Marker: "x"}
	require.Equal(t, filter, wire.NewRedeliverRequest(filter).Filter())
}

// TestReportsThatCannotBeRead: what another service might send is an error, no
// half of a report.
func TestReportsThatCannotBeRead(t *testing.T) {
	good := wire.NewMessageReport(request, topicURN.String(), messageReport)
	for name, spoil := range map[string]func(*wire.MessageReportResponse){
		"accepted_at":      func(r *wire.MessageReportResponse) { r.AcceptedAt = "x" },
		"expires_at":       func(r *wire.MessageReportResponse) { r.ExpiresAt = "x" },
		"subscription_urn": func(r *wire.MessageReportResponse) { r.Failures[0].SubscriptionURN = "x" },
		"next_attempt_at":  func(r *wire.MessageReportResponse) { r.Failures[0].NextAttemptAt = "x" },
		"at":               func(r *wire.MessageReportResponse) { r.Failures[0].At = "x" },
	} {
		bad := good
		bad.Failures = append([]wire.DeliveryFailure{}, good.Failures...)
		spoil(&bad)
		_, err := bad.Report()
		require.Error(t, err, name)
	}
}
