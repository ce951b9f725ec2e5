package wire

// AlertsRequest is the body of PublishAlerts: what Prometheus Alertmanager (version
// 4 of its webhook) and Grafana (its version 1, the same and more) send for a group
// of alerts. They decide what its fields are called.
type AlertsRequest struct {
	Version           string            `json:"version" code:"InvalidParameter"`                     // 4 of Alertmanager, 1 of Grafana
	GroupKey          string            `json:"groupKey" code:"InvalidParameter"`                    // the same for all notifications about a group
	Status            string            `json:"status" code:"InvalidParameter"`                      // firing while one of the alerts is, else resolved
	Receiver          string            `json:"receiver,omitempty" code:"InvalidParameter"`          // the name of the receiver or contact point
	GroupLabels       map[string]string `json:"groupLabels,omitempty" code:"InvalidParameter"`       // what the alerts were grouped by
	CommonLabels      map[string]string `json:"commonLabels,omitempty" code:"InvalidParameter"`      // the labels that all of them have
	CommonAnnotations map[string]string `json:"commonAnnotations,omitempty" code:"InvalidParameter"` // the annotations that all of them have
	ExternalURL       string            `json:"externalURL,omitempty" code:"InvalidParameter"`       // where the sender shows its alerts
	TruncatedAlerts   int               `json:"truncatedAlerts,omitempty" code:"InvalidParameter"`   // alerts that the sender left out
	Alerts            []Alert           `json:"alerts" code:"InvalidParameter"`                      // one at least
}

// Alert is one of the group.
type Alert struct {
	Status       string              `json:"status" code:"InvalidParameter"`                 // its own, whatever that of the group is
	Labels       map[string]string   `json:"labels,omitempty" code:"InvalidParameter"`       // what tells it from other alerts; alertname is its name
	Annotations  map[string]string   `json:"annotations,omitempty" code:"InvalidParameter"`  // for people; summary and description above all
	StartsAt     string              `json:"startsAt" code:"InvalidParameter"`               // RFC 3339
	EndsAt       string              `json:"endsAt,omitempty" code:"InvalidParameter"`       // RFC 3339; of a resolved one
	GeneratorURL string              `json:"generatorURL,omitempty" code:"InvalidParameter"` // what raised it
	Fingerprint  string              `json:"fingerprint,omitempty" code:"InvalidParameter"`  // a digest of its labels
	DashboardURL string              `json:"dashboardURL,omitempty" code:"InvalidParameter"` // Grafana's dashboard
	PanelURL     string              `json:"panelURL,omitempty" code:"InvalidParameter"`     // Grafana's panel
	SilenceURL   string              `json:"silenceURL,omitempty" code:"InvalidParameter"`   // where Grafana silences it
	ValueString  string              `json:"valueString,omitempty" code:"InvalidParameter"`  // what Grafana has measured, as a text
	Values       map[string]*float64 `json:"values,omitempty" code:"InvalidParameter"`       // the same as numbers, by the name of their query
}

// The states of alerts and of their groups.
const (
	AlertFiring   = "firing"
	AlertResolved = "resolved"
)

// AlertsResponse answers PublishAlerts.
type AlertsResponse struct {
	RequestID string `json:"request_id"`
	MessageID string `json:"message_id,omitempty"` // left out when the group was published before, in other words
}
