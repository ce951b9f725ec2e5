package queue

import (
	"time"

	"tocsin/shared/smn"
)

// Detection is the work of trying whether an endpoint can be reached. It carries
// all that sending needs; what comes of it is kept in a document of the topic.
type Detection struct {
	ID       string            `json:"id"` // of the document, and of the message that is sent
	Project  string            `json:"project"`
	TopicID  string            `json:"topic_id"`
	TopicURN string            `json:"topic_urn"`
	Protocol smn.Protocol      `json:"protocol"`
	Endpoint string            `json:"endpoint"`
	Header   map[string]string `json:"header,omitempty"` // often secret
	IssuedAt time.Time         `json:"issued_at"`
}

// NewDetection is the task for a detection.
func NewDetection(d Detection) Task {
	return Task{ID: "detection/" + d.ID, Project: d.Project, Group: d.TopicID, Detection: &d}
}
