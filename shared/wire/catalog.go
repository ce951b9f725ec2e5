package wire

import (
	"time"

	"tocsin/shared/smn"
)

// ListProtocolsResponse answers ListProtocols.
type ListProtocolsResponse struct {
	RequestID string   `json:"request_id"`
	Protocols []string `json:"protocols"` // never null
}

// ListCloudServicesResponse answers ListCloudServices.
type ListCloudServicesResponse struct {
	RequestID     string         `json:"request_id"`
	CloudServices []CloudService `json:"cloud_services"` // never null
}

// CloudService is a service of the cloud.
type CloudService struct {
	Name     string `json:"name"`
	ShowName string `json:"show_name"`
}

// NewCloudServices spells services.
func NewCloudServices(services []smn.CloudService) []CloudService {
	return List(services, func(s smn.CloudService) CloudService { return CloudService{Name: s.Name, ShowName: s.DisplayName} })
}

// ReadCloudServices reads what NewCloudServices spelt.
func ReadCloudServices(services []CloudService) []smn.CloudService {
	return List(services, func(s CloudService) smn.CloudService { return smn.CloudService{Name: s.Name, DisplayName: s.ShowName} })
}

// NewProtocols spells protocols.
func NewProtocols(protocols []smn.Protocol) []string {
	return List(protocols, func(p smn.Protocol) string { return string(p) })
}

// ReadProtocols reads what NewProtocols spelt.
func ReadProtocols(protocols []string) []smn.Protocol {
	return List(protocols, func(p string) smn.Protocol { return smn.Protocol(p) })
}

// ListTopicsWithResourcesResponse answers ListTopicsWithResources.
type ListTopicsWithResourcesResponse struct {
	RequestID  string           `json:"request_id"`
	TopicCount int              `json:"topic_count"` // of the whole list
	Topics     []TopicResources `json:"topics"`      // never null
}

// TopicResources is a topic with what belongs to it.
type TopicResources struct {
	Topic
	Tags       []Tag            `json:"tags"` // never null
	Attributes AccessAttributes `json:"attributes"`
	Logtanks   []Logtank        `json:"logtanks"` // never null
}

// AccessAttributes is the access policy of a topic.
type AccessAttributes struct {
	AccessPolicy string `json:"access_policy"`         // JSON as a text; empty for none
	CreateTime   string `json:"create_time,omitempty"` // of the policy
	UpdateTime   string `json:"update_time,omitempty"`
}

// NewTopicResources spells a topic with what belongs to it.
func NewTopicResources(t smn.TopicResources) TopicResources {
	return TopicResources{
		Topic: NewTopic(t.Topic),
		Tags:  NewTags(t.Tags),
		Attributes: AccessAttributes{
			AccessPolicy: t.Policy.Text,
			CreateTime:   timeOrNone(t.Policy.CreatedAt),
			UpdateTime:   timeOrNone(t.Policy.UpdatedAt),
		},
		Logtanks: NewLogtanks(t.Logtanks),
	}
}

// Resources reads what NewTopicResources spelt.
func (t TopicResources) Resources() (r smn.TopicResources, err error) {
	if r.Topic, err = t.Topic.Topic(); err != nil {
		return r, err
	}
	if r.Logtanks, err = ReadLogtanks(t.Logtanks); err != nil {
		return r, err
	}
	r.Tags = ReadTags(t.Tags)
	r.Policy.Text = t.Attributes.AccessPolicy
	if r.Policy.CreatedAt, err = parseTimeOrNone(t.Attributes.CreateTime); err != nil {
		return r, err
	}
	r.Policy.UpdatedAt, err = parseTimeOrNone(t.Attributes.UpdateTime)
	return r, err
}

func timeOrNone(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return Time(t)
}

func parseTimeOrNone(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	return ParseTime(s)
}
