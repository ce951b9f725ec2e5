package httpapi

import (
	"net/http"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// attachmentOperations are the calls on what is attached to a topic and only kept
// and given back.
var attachmentOperations = []Operation{
	ofTopic("create-logtank", "POST", "logtanks", createLogtank),
	ofTopic("list-logtanks", "GET", "logtanks", listLogtanks),
	ofTopic("update-logtank", "PUT", "logtanks/{logtank_id}", updateLogtank),
	ofTopic("delete-logtank", "DELETE", "logtanks/{logtank_id}", deleteLogtank),

	ofTopic("create-notify-policy", "POST", "notify-policy", createNotifyPolicy),
	ofTopic("get-notify-policy", "GET", "notify-policy", getNotifyPolicy), // SMN: ShowNotifyPolicy
	ofTopic("update-notify-policy", "PUT", "notify-policy/{notify_policy_id}", updateNotifyPolicy),
	ofTopic("delete-notify-policy", "DELETE", "notify-policy/{notify_policy_id}", deleteNotifyPolicy),

	ofTopic("create-kms-key", "POST", "kms", createKMSKey),
	ofTopic("get-kms-key", "GET", "kms", getKMSKey), // SMN: ShowKmsKey
	ofTopic("update-kms-key", "PUT", "kms/{id}", updateKMSKey),
	ofTopic("delete-kms-key", "DELETE", "kms/{id}", deleteKMSKey),
}

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

func createLogtank(r *http.Request, svc smn.Service) (reply, error) {
	stream, err := logStreamOf(r)
	if err != nil {
		return reply{}, err
	}
	id, err := svc.CreateLogtank(r.Context(), smn.CreateLogtankInput{TopicURN: r.PathValue("topic_urn"), Stream: stream})
	return made(r, id, err)
}

func logStreamOf(r *http.Request) (smn.LogStream, error) {
	var req wire.LogtankRequest
	err := decode(r, &req)
	return smn.LogStream{GroupID: req.LogGroupID, StreamID: req.LogStreamID}, err
}

func listLogtanks(r *http.Request, svc smn.Service) (reply, error) {
	logtanks, err := svc.ListLogtanks(r.Context(), topicOf(r))
	return ok(wire.ListLogtanksResponse{RequestID: requestID(r), Count: len(logtanks), Logtanks: wire.NewLogtanks(logtanks)}), err
}

func updateLogtank(r *http.Request, svc smn.Service) (reply, error) {
	stream, err := logStreamOf(r)
	if err != nil {
		return reply{}, err
	}
	logtank, err := svc.UpdateLogtank(r.Context(), smn.UpdateLogtankInput{AttachmentInput: attachmentOf(r, "logtank_id"), Stream: stream})
	return ok(wire.UpdateLogtankResponse{RequestID: requestID(r), Logtank: wire.NewLogtank(logtank)}), err
}

func deleteLogtank(r *http.Request, svc smn.Service) (reply, error) {
	return done(r, svc.DeleteLogtank(r.Context(), attachmentOf(r, "logtank_id")))
}

func createNotifyPolicy(r *http.Request, svc smn.Service) (reply, error) {
	var req wire.NotifyPolicyRequest
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	id, err := svc.CreateNotifyPolicy(r.Context(), smn.CreateNotifyPolicyInput{TopicURN: r.PathValue("topic_urn"), NewNotifyPolicy: req.Policy()})
	return made(r, id, err)
}

func getNotifyPolicy(r *http.Request, svc smn.Service) (reply, error) {
	policy, err := svc.GetNotifyPolicy(r.Context(), topicOf(r))
	return ok(wire.NewNotifyPolicy(requestID(r), policy)), err
}

func updateNotifyPolicy(r *http.Request, svc smn.Service) (reply, error) {
	var req wire.NotifyPolicyRequest
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	return done(r, svc.UpdateNotifyPolicy(r.Context(), smn.UpdateNotifyPolicyInput{
		AttachmentInput: attachmentOf(r, "notify_policy_id"),
		NewNotifyPolicy: req.Policy(),
	}))
}

func deleteNotifyPolicy(r *http.Request, svc smn.Service) (reply, error) {
	return done(r, svc.DeleteNotifyPolicy(r.Context(), attachmentOf(r, "notify_policy_id")))
}

func createKMSKey(r *http.Request, svc smn.Service) (reply, error) {
	var req wire.KMSKeyRequest
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	id, err := svc.CreateKMSKey(r.Context(), smn.CreateKMSKeyInput{TopicURN: r.PathValue("topic_urn"), KeyID: req.KeyID})
	return made(r, id, err)
}

func getKMSKey(r *http.Request, svc smn.Service) (reply, error) {
	key, err := svc.GetKMSKey(r.Context(), topicOf(r))
	return ok(wire.GetKMSKeyResponse{RequestID: requestID(r), ID: key.ID, KeyID: key.KeyID, Status: string(key.Status)}), err
}

func updateKMSKey(r *http.Request, svc smn.Service) (reply, error) {
	var req wire.KMSKeyRequest
	if err := decode(r, &req); err != nil {
		return reply{}, err
	}
	in := smn.UpdateKMSKeyInput{AttachmentInput: attachmentOf(r, "id"), KeyID: req.KeyID}
	return ok(wire.CreatedResponse{RequestID: requestID(r), ID: in.ID}), svc.UpdateKMSKey(r.Context(), in)
}

func deleteKMSKey(r *http.Request, svc smn.Service) (reply, error) {
	return done(r, svc.DeleteKMSKey(r.Context(), attachmentOf(r, "id")))
}
