package notice

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// maxAlerts is how many alerts of a group are spelt out; the others are counted.
const maxAlerts = 20

// Senders of alerts.
const (
	alertmanager = "alertmanager"
	grafana      = "grafana"
)

// FromAlerts puts a group of alerts into words. The body is what req was read
// from. Whatever is repeated about the group is the same until one of its alerts
// comes, goes or changes its state.
//
// InvalidParameter when req is not what Alertmanager and Grafana send.
func FromAlerts(req wire.AlertsRequest, body json.RawMessage) (Notice, error) {
	sender, err := senderOf(req)
	if err != nil {
		return Notice{}, err
	}
	// Firing ones first, the longest of these before all others.
	alerts := slices.Clone(req.Alerts)
	slices.SortStableFunc(alerts, func(a, b wire.Alert) int {
		if a.Status != b.Status {
			return strings.Compare(a.Status, b.Status)
		}
		return startOf(a).Compare(startOf(b))
	})
	name := groupName(req)
	subject := strings.ToUpper(req.Status) + ": " + name
	if n := counted(alerts, req.Status) + req.TruncatedAlerts; n > 1 {
		subject = fmt.Sprintf("%s (%d): %s", strings.ToUpper(req.Status), n, name)
	}
	first := alerts[0]
	n := Notice{
		Source:  sender,
		State:   req.Status,
		Time:    Time(first.StartsAt),
		Subject: subject,
		Brief:   said(first),
		Summary: summary(req, alerts),
		Event:   body,
		Key:     []string{"alerts", req.GroupKey, req.Status},
	}
	if req.Status == wire.AlertResolved {
		n.Time = Time(first.EndsAt)
	}
	var more []string
	for _, a := range alerts[:min(len(alerts), maxAlerts)] {
		more = append(more, spell(a, name))
	}
	if left := max(len(alerts)-maxAlerts, 0) + req.TruncatedAlerts; left > 0 {
		more = append(more, fmt.Sprintf("and %d more\n", left))
	}
	if from := Lines([2]string{"Receiver", req.Receiver}, [2]string{"All alerts", req.ExternalURL}); from != "" {
		more = append(more, from)
	}
	n.More = strings.Join(more, "\n")

	var parts []string
	for _, a := range alerts {
		parts = append(parts, key([]string{a.Status, a.StartsAt, a.Fingerprint, encode(a.Labels)}))
	}
	slices.Sort(parts)
	n.Key = append(n.Key, parts...)
	return n, nil
}

// senderOf checks a group and says who has sent it.
func senderOf(req wire.AlertsRequest) (string, error) {
	wrong := func(format string, args ...any) (string, error) {
		return "", smn.Errorf(smn.InvalidParameter, format, args...)
	}
	isState := func(s string) bool { return s == wire.AlertFiring || s == wire.AlertResolved }
	switch {
	case req.Version != "4" && req.Version != "1":
		return wrong("version must be that of a webhook of Alertmanager (4) or Grafana (1)")
	case req.GroupKey == "":
		return wrong("groupKey must not be empty")
	case !isState(req.Status):
		return wrong("status must be firing or resolved")
	case len(req.Alerts) == 0:
		return wrong("alerts must hold an alert")
	case req.TruncatedAlerts < 0:
		return wrong("truncatedAlerts must not be negative")
	}
	for i, a := range req.Alerts {
		if !isState(a.Status) {
			return wrong("alerts[%d].status must be firing or resolved", i)
		}
		if _, err := time.Parse(time.RFC3339, a.StartsAt); err != nil {
			return wrong("alerts[%d].startsAt must be a time such as 2026-01-31T12:00:00Z", i)
		}
	}
	if req.Version == "1" {
		return grafana, nil
	}
	return alertmanager, nil
}

// groupName is what people call the group: the name of its alerts if they have one
// in common, else what they were grouped by.
func groupName(req wire.AlertsRequest) string {
	for _, name := range []string{req.GroupLabels["alertname"], req.CommonLabels["alertname"]} {
		if name != "" {
			return name
		}
	}
	if len(req.GroupLabels) > 0 {
		return Pairs(req.GroupLabels)
	}
	return "alerts"
}

// summary says how many alerts there are, in a sentence.
func summary(req wire.AlertsRequest, alerts []wire.Alert) string {
	count := func(n int, state string) string {
		switch n {
		case 0:
			return ""
		case 1:
			return "1 alert is " + state
		}
		return fmt.Sprintf("%d alerts are %s", n, state)
	}
	var counts []string
	for _, state := range []string{wire.AlertFiring, wire.AlertResolved} {
		n := counted(alerts, state)
		if state == req.Status {
			n += req.TruncatedAlerts
		}
		if said := count(n, state); said != "" {
			counts = append(counts, said)
		}
	}
	text := strings.Join(counts, ", ")
	if len(req.GroupLabels) > 0 {
		text += " (" + Pairs(req.GroupLabels) + ")"
	}
	return text + "."
}

// spell says what there is to say of an alert of a group.
func spell(a wire.Alert, group string) string {
	name := a.Labels["alertname"]
	if name == "" {
		name = group
	}
	labels := maps.Clone(a.Labels)
	delete(labels, "alertname")
	end := ""
	if a.Status == wire.AlertResolved {
		end = Time(a.EndsAt)
	}
	facts := [][2]string{
		{"Summary", a.Annotations["summary"]},
		{"Description", a.Annotations["description"]},
		{"Labels", Pairs(labels)},
		{"Since", Time(a.StartsAt)},
		{"Until", end},
		{"Values", valuesOf(a)},
	}
	for _, name := range slices.Sorted(maps.Keys(a.Annotations)) {
		if name != "summary" && name != "description" && !strings.HasPrefix(name, "__") { // those are Grafana's own
			facts = append(facts, [2]string{name, a.Annotations[name]})
		}
	}
	facts = append(facts, [][2]string{
		{"Source", a.GeneratorURL}, {"Dashboard", a.DashboardURL}, {"Panel", a.PanelURL}, {"Silence", a.SilenceURL},
	}...)
	return strings.ToUpper(a.Status) + ": " + line(name) + "\n" + Lines(facts...)
}

// valuesOf spells what Grafana has measured.
func valuesOf(a wire.Alert) string {
	numbers := map[string]string{}
	for name, n := range a.Values {
		if n != nil {
			numbers[name] = strconv.FormatFloat(*n, 'g', -1, 64)
		}
	}
	if len(numbers) == 0 {
		return a.ValueString
	}
	return Pairs(numbers)
}

// said is what the author of the alert says of it.
func said(a wire.Alert) string {
	for _, text := range []string{a.Annotations["summary"], a.Annotations["description"]} {
		if text != "" {
			return text
		}
	}
	labels := maps.Clone(a.Labels)
	delete(labels, "alertname")
	return Pairs(labels)
}

func counted(alerts []wire.Alert, state string) (n int) {
	for _, a := range alerts {
		if a.Status == state {
			n++
		}
	}
	return n
}

func startOf(a wire.Alert) time.Time {
	t, _ := time.Parse(time.RFC3339, a.StartsAt) // senderOf has checked it
	return t
}

// Pairs spells what has names and values, in the order of the names.
func Pairs(of map[string]string) string {
	list := make([]string, 0, len(of))
	for _, name := range slices.Sorted(maps.Keys(of)) {
		list = append(list, name+"="+of[name])
	}
	return strings.Join(list, ", ")
}
