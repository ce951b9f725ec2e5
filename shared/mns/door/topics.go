package door

import (
	"context"
	"net/http"

	"tocsin/shared/mns"
	"tocsin/shared/smn"
)

// topicURN names the topic of the path. TopicNameLengthError, TopicNameInvalid.
func (v *visit) topicURN() (string, error) {
	switch {
	case v.topic == "" || len(v.topic) > smn.MaxTopicName:
		return "", mns.Errorf(mns.TopicNameLengthError, "The name of a topic has 1 to %d characters.", smn.MaxTopicName)
	case !smn.IsTopicName(v.topic):
		return "", topicNameInvalid()
	}
	return smn.TopicURN{Region: v.Region, Project: v.caller.Project, Name: v.topic}.String(), nil
}

func topicNameInvalid() error {
	return mns.Errorf(mns.TopicNameInvalid, "The name of a topic is made of letters, digits and hyphens, and begins with a letter or digit.")
}

func (v *visit) topicPath() string { return "/topics/" + v.topic }

// mostCreations is how often a topic is tried to be made that others make and delete.
const mostCreations = 3

// createTopic is CreateTopic.
func (v *visit) createTopic(ctx context.Context) (reply, error) {
	urn, err := v.topicURN()
	if err != nil {
		return reply{}, err
	}
	if !mns.IsTopicName(v.topic) {
		return reply{}, topicNameInvalid()
	}
	req, err := mns.ParseTopic(v.body)
	if err != nil {
		return reply{}, err
	}
	for range mostCreations {
		made, err := v.Service.CreateTopic(ctx, smn.CreateTopicInput{Name: v.topic, TopicOptions: req.Options()})
		switch {
		case err != nil:
			return reply{}, err
		case made.Created:
			return reply{status: http.StatusCreated, location: v.topicPath()}, nil
		}
		topic, err := v.Service.GetTopic(ctx, smn.TopicInput{TopicURN: urn})
		switch {
		case smn.CodeOf(err) == smn.TopicNotFound: // somebody has deleted it since
			continue
		case err != nil:
			return reply{}, err
		case !req.Fits(topic):
			return reply{}, mns.Errorf(mns.TopicAlreadyExist, "There is a topic %s with other attributes.", v.topic)
		}
		return reply{status: http.StatusNoContent, location: v.topicPath()}, nil
	}
	return reply{}, smn.Errorf(smn.Internal, "the topic was there and gone again %d times", mostCreations)
}

// setTopic is SetTopicAttributes.
func (v *visit) setTopic(ctx context.Context) (reply, error) {
	urn, err := v.topicURN()
	if err != nil {
		return reply{}, err
	}
	req, err := mns.ParseTopic(v.body)
	if err != nil {
		return reply{}, err
	}
	err = v.Service.UpdateTopic(ctx, smn.UpdateTopicInput{TopicURN: urn, MaxMessage: req.MaximumMessageSize, Logging: req.LoggingEnabled})
	return reply{status: http.StatusNoContent}, err
}

// getTopic is GetTopicAttributes.
func (v *visit) getTopic(ctx context.Context) (reply, error) {
	urn, err := v.topicURN()
	if err != nil {
		return reply{}, err
	}
	topic, err := v.Service.GetTopic(ctx, smn.TopicInput{TopicURN: urn})
	return reply{status: http.StatusOK, body: mns.NewGetTopic(topic)}, err
}

// deleteTopic is DeleteTopic. One that is not there is as good as deleted.
func (v *visit) deleteTopic(ctx context.Context) (reply, error) {
	urn, err := v.topicURN()
	if err != nil {
		return reply{}, err
	}
	err = v.Service.DeleteTopic(ctx, smn.TopicInput{TopicURN: urn})
	if smn.CodeOf(err) == smn.TopicNotFound {
		err = nil
	}
	return reply{status: http.StatusNoContent}, err
}

// listTopics is ListTopic: the topics of the account, newest first.
func (v *visit) listTopics(ctx context.Context) (reply, error) {
	list, err := listOf(v.header)
	if err != nil {
		return reply{}, err
	}
	var topics []smn.Topic
	marker := list.marker
	for len(topics) <= list.limit { // one more tells that there is more
		want := min(list.limit+1-len(topics), smn.DefaultLimit)
		page, err := v.Service.ListTopics(ctx, smn.ListTopicsInput{Page: smn.Page{Limit: want}, FuzzyName: list.prefix, Marker: marker})
		if err != nil {
			return reply{}, err
		}
		topics = append(topics, page.Topics...)
		if len(page.Topics) < want {
			break
		}
		marker = topics[len(topics)-1].ID
	}
	var response mns.ListTopicsResponse
	if len(topics) > list.limit {
		topics = topics[:list.limit]
		response.NextMarker = topics[len(topics)-1].ID
	}
	for _, t := range topics {
		response.Topics = append(response.Topics, mns.NewTopicItem(v.base+"/topics/"+t.URN.Name, t, list.withMeta))
	}
	return reply{status: http.StatusOK, body: response}, nil
}
