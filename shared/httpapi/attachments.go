package httpapi

import (
	"net/http"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// ofTopic is an operation below the path of a topic.
func ofTopic(name, method, below string, f func(*http.Request, smn.Service) (reply, error)) Operation {
	return Operation{
		Name:  name,
		Route: method + " /v2/{project_id}/notifications/topics/{topic_urn}/" + below,
		door:  ownerDoor,
		bind:  withService(f),
	}
}

func topicOf(r *http.Request) smn.TopicInput {
	return smn.TopicInput{TopicURN: r.PathValue("topic_urn")}
}

func attachmentOf(r *http.Request, id string) smn.AttachmentInput {
	return smn.AttachmentInput{TopicURN: r.PathValue("topic_urn"), ID: r.PathValue(id)}
}

// made answers with the id of something new.
func made(r *http.Request, id string, err error) (reply, error) {
	return created(wire.CreatedResponse{RequestID: requestID(r), ID: id}), err
}

// done answers a call that has nothing to tell.
func done(r *http.Request, err error) (reply, error) {
	return ok(wire.Answer{RequestID: requestID(r)}), err
}
