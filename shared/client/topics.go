package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// CreateTopic implements smn.Topics.
func (c *Client) CreateTopic(ctx context.Context, in smn.CreateTopicInput) (smn.CreateTopicOutput, error) {
	var out wire.CreateTopicResponse
	status, err := c.call(ctx, request{
		method: http.MethodPost,
		path:   "/notifications/topics",
		body: wire.CreateTopicRequest{
			Name:                in.Name,
			DisplayName:         in.DisplayName,
			EnterpriseProjectID: in.EnterpriseProjectID,
		},
	}, &out)
	return smn.CreateTopicOutput{URN: out.TopicURN, Created: status == http.StatusCreated}, err
}

// ListTopics implements smn.Topics.
func (c *Client) ListTopics(ctx context.Context, in smn.ListTopicsInput) (smn.TopicPage, error) {
	var out wire.ListTopicsResponse
	if _, err := c.call(ctx, request{method: http.MethodGet, path: "/notifications/topics", query: topicsQuery(in)}, &out); err != nil {
		return smn.TopicPage{}, err
	}
	list, err := wire.ReadList(out.Topics, wire.Topic.Topic)
	return smn.TopicPage{Topics: list, Total: out.TopicCount}, err
}

// topicsQuery spells what the lists of topics are asked for.
func topicsQuery(in smn.ListTopicsInput) url.Values {
	query := pageQuery(in.Page)
	setUnlessEmpty(query, "name", in.Name)
	setUnlessEmpty(query, "fuzzy_name", in.FuzzyName)
	setUnlessEmpty(query, "topic_id", in.TopicID)
	setUnlessEmpty(query, "fuzzy_display_name", in.FuzzyDisplayName)
	setUnlessEmpty(query, "enterprise_project_id", in.EnterpriseProjectID)
	setUnlessEmpty(query, "marker", in.Marker)
	return query
}

// GetTopic implements smn.Topics.
func (c *Client) GetTopic(ctx context.Context, in smn.TopicInput) (smn.Topic, error) {
	path, err := topicPath(in.TopicURN, "")
	if err != nil {
		return smn.Topic{}, err
	}
	var out wire.GetTopicResponse
	if _, err := c.call(ctx, request{method: http.MethodGet, path: path}, &out); err != nil {
		return smn.Topic{}, err
	}
	return out.Topic.Topic()
}

// UpdateTopic implements smn.Topics.
func (c *Client) UpdateTopic(ctx context.Context, in smn.UpdateTopicInput) error {
	path, err := topicPath(in.TopicURN, "")
	if err != nil {
		return err
	}
	body := wire.UpdateTopicRequest{DisplayName: in.DisplayName}
	_, err = c.call(ctx, request{method: http.MethodPut, path: path, body: body}, &wire.UpdateTopicResponse{})
	return err
}

// DeleteTopic implements smn.Topics.
func (c *Client) DeleteTopic(ctx context.Context, in smn.TopicInput) error {
	path, err := topicPath(in.TopicURN, "")
	if err != nil {
		return err
	}
	_, err = c.call(ctx, request{method: http.MethodDelete, path: path}, &wire.Answer{})
	return err
}

// topicPath is the path to a topic or something below it. A URN that is none
// cannot be written into a path that still leads there, so it ends here, with
// the code that the service would answer.
func topicPath(urn, below string) (string, error) {
	if _, err := smn.ParseTopicURN(urn); err != nil {
		return "", err
	}
	return "/notifications/topics/" + urn + below, nil
}

// pageQuery leaves out what is the default.
func pageQuery(p smn.Page) url.Values {
	query := url.Values{}
	if p.Offset != 0 {
		query.Set("offset", strconv.Itoa(p.Offset))
	}
	if p.Limit != 0 {
		query.Set("limit", strconv.Itoa(p.Limit))
	}
	return query
}

func setUnlessEmpty(query url.Values, name, value string) {
	if value != "" {
		query.Set(name, value)
	}
}
