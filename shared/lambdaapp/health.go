package lambdaapp

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"tocsin/shared/notice"
)

// maxEntities is how many affected entities are named; the others are counted.
const maxEntities = 20

// spellHealth puts an event of AWS Health into words. Its Key is that of what AWS
// has sent, which comes by two regions and may come again.
func spellHealth(e bridgeEvent) (notice.Notice, error) {
	var d struct {
		EventARN          string `json:"eventArn"`
		Service           string `json:"service"`
		EventTypeCode     string `json:"eventTypeCode"`
		EventTypeCategory string `json:"eventTypeCategory"` // issue, accountNotification, scheduledChange, investigation
		CommunicationID   string `json:"communicationId"`   // with the number of the page
		StatusCode        string `json:"statusCode"`        // open, closed, upcoming
		EventRegion       string `json:"eventRegion"`
		StartTime         string `json:"startTime"`
		EndTime           string `json:"endTime"`
		AffectedAccount   string `json:"affectedAccount"`
		EventDescription  []struct {
			Language          string `json:"language"`
			LatestDescription string `json:"latestDescription"`
		} `json:"eventDescription"`
		AffectedEntities []struct {
			EntityValue string `json:"entityValue"`
			Status      string `json:"status"`
		} `json:"affectedEntities"`
	}
	if err := json.Unmarshal(e.Detail, &d); err != nil {
		return notice.Notice{}, fmt.Errorf("read detail: %w", err)
	}
	if d.Service == "" || d.EventTypeCode == "" {
		return notice.Notice{}, errors.New("the detail names no service or no type")
	}
	var entities []string
	for _, entity := range d.AffectedEntities[:min(len(d.AffectedEntities), maxEntities)] {
		entities = append(entities, strings.TrimSpace(entity.EntityValue+" "+parenthesis(entity.Status)))
	}
	if left := len(d.AffectedEntities) - maxEntities; left > 0 {
		entities = append(entities, fmt.Sprintf("and %d more", left))
	}
	account, region := orElse(d.AffectedAccount, e.Account), orElse(d.EventRegion, e.Region)
	subject := "AWS Health: " + d.Service + " " + healthCategory(d.EventTypeCategory)
	if region != "" {
		subject += " in " + region
	}
	n := notice.Notice{
		State:   d.StatusCode,
		Subject: subject + " " + parenthesis(orElse(d.StatusCode, "open")),
		Brief:   d.EventTypeCode,
		Facts: [][2]string{
			{"Event", d.EventTypeCode},
			{"Status", d.StatusCode},
			{"Start", notice.Time(d.StartTime)},
			{"End", notice.Time(d.EndTime)},
			{"Affected", strings.Join(entities, ", ")},
			{"Time", notice.Time(e.Time)},
			place(account, region),
			{"ARN", d.EventARN},
		},
	}
	for _, description := range d.EventDescription {
		if n.Summary == "" || strings.HasPrefix(description.Language, "en") {
			n.Summary = strings.ReplaceAll(description.LatestDescription, `\n`, "\n") // AWS escapes them twice
		}
	}
	if d.EventARN != "" && d.CommunicationID != "" {
		n.Key = []string{"health", account, d.EventARN, d.CommunicationID}
	}
	return n, nil
}

// healthCategory is a category as people would say it.
func healthCategory(category string) string {
	switch category {
	case "":
		return "event"
	case "accountNotification":
		return "notification"
	case "scheduledChange":
		return "scheduled change"
	}
	return category
}
