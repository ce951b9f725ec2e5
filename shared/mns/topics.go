package mns

import (
	"encoding/xml"
	"strconv"
	"strings"

	"tocsin/shared/smn"
)

// Limits of what a topic takes, in bytes of a message's text.
const (
	MinMessageSize     = 1024
	DefaultMessageSize = 64 << 10 // and the most
)

// messageRetention is how long a topic keeps messages, in seconds.
const messageRetention = 86_400

// TopicRequest is the body of CreateTopic and SetTopicAttributes. What is nil was not given.
type TopicRequest struct {
	MaximumMessageSize *int
	LoggingEnabled     *bool
}

// ParseTopic reads one. MalformedXML, InvalidArgument.
func ParseTopic(body []byte) (TopicRequest, error) {
	topic, err := read(body, "Topic", "MaximumMessageSize", "LoggingEnabled")
	if err != nil {
		return TopicRequest{}, err
	}
	var req TopicRequest
	if size := topic.value("MaximumMessageSize"); size != "" {
		n, err := strconv.Atoi(size)
		if err != nil || n < MinMessageSize || n > DefaultMessageSize {
			return TopicRequest{}, Errorf(InvalidArgument, "MaximumMessageSize is a number from %d to %d.", MinMessageSize, DefaultMessageSize)
		}
		req.MaximumMessageSize = &n
	}
	if logging := topic.value("LoggingEnabled"); logging != "" {
		isTrue := strings.EqualFold(logging, "true")
		if !isTrue && !strings.EqualFold(logging, "false") {
			return TopicRequest{}, Errorf(InvalidArgument, "LoggingEnabled is True or False.")
		}
		req.LoggingEnabled = &isTrue
	}
	return req, nil
}

// Options are those of a new topic.
func (r TopicRequest) Options() smn.TopicOptions {
	options := smn.TopicOptions{MaxMessage: DefaultMessageSize}
	if r.MaximumMessageSize != nil {
		options.MaxMessage = *r.MaximumMessageSize
	}
	if r.LoggingEnabled != nil {
		options.Logging = *r.LoggingEnabled
	}
	return options
}

// Fits says whether a topic is what the request would make.
func (r TopicRequest) Fits(t smn.Topic) bool {
	options := r.Options()
	return messageSize(t) == options.MaxMessage && t.Logging == options.Logging
}

// messageSize is how much of a text programs of MNS may publish. A topic of SMN takes more.
func messageSize(t smn.Topic) int {
	if t.MaxMessage == 0 {
		return DefaultMessageSize
	}
	return min(t.MaxMessage, DefaultMessageSize)
}

// TopicMeta are the attributes of a topic. Programs want all of them.
type TopicMeta struct {
	TopicName              string
	MessageCount           int
	CreateTime             int64 // Unix seconds
	LastModifyTime         int64
	MaximumMessageSize     int
	MessageRetentionPeriod int // seconds
	LoggingEnabled         boolean
}

func newTopicMeta(t smn.Topic) *TopicMeta {
	return &TopicMeta{
		TopicName:              t.URN.Name,
		CreateTime:             t.CreatedAt.Unix(),
		LastModifyTime:         t.UpdatedAt.Unix(),
		MaximumMessageSize:     messageSize(t),
		MessageRetentionPeriod: messageRetention,
		LoggingEnabled:         boolean(t.Logging),
	}
}

// GetTopicResponse is the answer of GetTopicAttributes.
type GetTopicResponse struct {
	XMLName xml.Name `xml:"http://mns.aliyuncs.com/doc/v1/ Topic"`
	*TopicMeta
}

// NewGetTopic describes a topic.
func NewGetTopic(t smn.Topic) GetTopicResponse { return GetTopicResponse{TopicMeta: newTopicMeta(t)} }

// ListTopicsResponse is the answer of ListTopic. No element of it is ever empty: the
// SDK for Python reads none such.
type ListTopicsResponse struct {
	XMLName    xml.Name    `xml:"http://mns.aliyuncs.com/doc/v1/ Topics"`
	Topics     []TopicItem `xml:"Topic"`
	NextMarker string      `xml:",omitempty"`
}

// TopicItem is one topic of a list.
type TopicItem struct {
	TopicURL string
	*TopicMeta
}

// NewTopicItem makes one, with the attributes of the topic or without.
func NewTopicItem(url string, t smn.Topic, withMeta bool) TopicItem {
	item := TopicItem{TopicURL: url}
	if withMeta {
		item.TopicMeta = newTopicMeta(t)
	}
	return item
}
