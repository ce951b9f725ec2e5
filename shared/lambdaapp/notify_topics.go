package lambdaapp

import (
	"encoding/json"
	"errors"
	"fmt"

	"tocsin/shared/smn"
)

// NotifyTopics say to which topic an event is published: to the one that it names
// itself, else to that of its source, else to Default. All are URNs.
type NotifyTopics struct {
	Default  string            // needed
	BySource map[string]string // by the source of events, such as aws.health
}

// of finds the topic of an event. One that an event names must be of the project of
// Default: who may send events is not thereby the owner of all projects.
func (t NotifyTopics) of(h happening) (smn.TopicURN, error) {
	own, err := smn.ParseTopicURN(t.Default)
	if err != nil {
		return smn.TopicURN{}, err
	}
	switch {
	case h.topicURN != "":
		urn, err := smn.ParseTopicURN(h.topicURN)
		if err != nil {
			return smn.TopicURN{}, fmt.Errorf("its topic_urn: %w", err)
		}
		if urn.Region != own.Region || urn.Project != own.Project {
			return smn.TopicURN{}, errors.New("its topic_urn is of another region or project than TOCSIN_NOTIFY_TOPIC")
		}
		return urn, nil
	case h.topicName != "":
		if !smn.IsTopicName(h.topicName) {
			return smn.TopicURN{}, errors.New("its topic_name is no name of a topic")
		}
		own.Name = h.topicName
		return own, nil
	case t.BySource[h.Source] != "":
		return smn.ParseTopicURN(t.BySource[h.Source])
	}
	return own, nil
}

// notifyTopics are the topics of the notify function, each of which may be
// configured by its name alone.
func (s settings) notifyTopics() (NotifyTopics, error) {
	if s.notifyTopic == "" {
		return NotifyTopics{}, errors.New("TOCSIN_NOTIFY_TOPIC is missing: the name or the URN of the topic to publish to")
	}
	var t NotifyTopics
	var err error
	if t.Default, err = s.topicURN(s.notifyTopic); err != nil {
		return NotifyTopics{}, fmt.Errorf("TOCSIN_NOTIFY_TOPIC is neither the name nor the URN of a topic: %w", err)
	}
	if s.topicBySource == "" {
		return t, nil
	}
	if err := json.Unmarshal([]byte(s.topicBySource), &t.BySource); err != nil {
		return NotifyTopics{}, errors.New(`TOCSIN_NOTIFY_TOPICS must be a JSON object of topics by the source of events: {"aws.health":"operations"}`)
	}
	for source, topic := range t.BySource {
		if t.BySource[source], err = s.topicURN(topic); err != nil {
			return NotifyTopics{}, fmt.Errorf("TOCSIN_NOTIFY_TOPICS: the topic of %q is neither a name nor a URN: %w", source, err)
		}
	}
	return t, nil
}

// topicURN is the URN of a topic that is given by name or URN.
func (s settings) topicURN(topic string) (string, error) {
	if smn.IsTopicName(topic) && s.projectID != "" {
		return smn.TopicURN{Region: s.region, Project: s.projectID, Name: topic}.String(), nil
	}
	urn, err := smn.ParseTopicURN(topic)
	if err != nil {
		return "", err
	}
	return urn.String(), nil
}
