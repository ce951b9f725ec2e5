package smn

import (
	"context"
	"time"
)

// Catalog tells what there is.
type Catalog interface {
	// ListProtocols lists the protocols that can be subscribed. Every caller with a
	// project may ask.
	ListProtocols(ctx context.Context) ([]Protocol, error)

	// ListCloudServices lists the services of the cloud that can publish by
	// themselves. Every caller with a project may ask.
	ListCloudServices(ctx context.Context) ([]CloudService, error)

	// ListTopicsWithResources is ListTopics, each topic with what belongs to it.
	ListTopicsWithResources(ctx context.Context, in ListTopicsInput) (TopicResourcesPage, error)
}

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
