package door

import (
	"context"
	"net/http"

	"tocsin/shared/mns"
	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// publish is PublishMessage. It answers once the message is stored and queued.
func (v *visit) publish(ctx context.Context) (reply, error) {
	urn, err := v.topicURN()
	if err != nil {
		return reply{}, err
	}
	if v.header.Get(wire.HeaderDelivery) != "" {
		return reply{}, mns.Errorf(mns.AccessDenied, "This request is itself a delivery of a topic (it carries %s): published, it could go round for ever.", wire.HeaderDelivery)
	}
	req, err := mns.ParsePublish(v.body)
	if err != nil {
		return reply{}, err
	}
	id, err := v.Service.Publish(ctx, smn.PublishInput{
		TopicURN: urn, Message: req.Body, Subject: req.Subject, Tag: req.Tag, TimeToLive: mns.TimeToLive,
	})
	if smn.CodeOf(err) == smn.InvalidMessage { // it is a text and not empty, so it is more than the topic takes
		err = mns.ErrTooLong()
	}
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusCreated, body: mns.NewPublish(id, req.Body)}, nil
}
