package smn

import "time"

// CloudService is a service of the cloud that can publish by itself.
type CloudService struct {
	Name        string
	DisplayName string
}

// TopicPolicy is who else may use a topic.
type TopicPolicy struct {
	Text      string    // JSON; empty for none
	CreatedAt time.Time // zero when there is none
	UpdatedAt time.Time
}

// TopicResources is a topic with what belongs to it.
type TopicResources struct {
	Topic
	Tags     []Tag // by key; never nil
	Policy   TopicPolicy
	Logtanks []Logtank // never nil
}

// TopicResourcesPage is a part of the list of topics.
type TopicResourcesPage struct {
	Topics []TopicResources
	Total  int // as in TopicPage
}
