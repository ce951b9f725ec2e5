package queue

import "time"

// Cleanup is the work of removing what a deleted topic has left behind.
type Cleanup struct {
	Project string `json:"project"`
	TopicID string `json:"topic_id"`
}

// NewCleanup is the task for cleaning up at once, or, when due is not zero, for seeing
// later whether that was done.
func NewCleanup(c Cleanup, due time.Time) Task {
	id := "cleanup/" + c.TopicID
	if !due.IsZero() {
		id += "/later"
	}
	return Task{ID: id, Project: c.Project, Group: c.TopicID, NotBefore: due, Cleanup: &c}
}
