package httpapi

import (
	"net/http"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// kmsKeyOperations are the calls on the keys of topics, which are only kept and given back.
var kmsKeyOperations = []Operation{
	ofTopic("create-kms-key", "POST", "kms", createKMSKey),
	ofTopic("get-kms-key", "GET", "kms", getKMSKey), // SMN: ShowKmsKey
	ofTopic("update-kms-key", "PUT", "kms/{id}", updateKMSKey),
	ofTopic("delete-kms-key", "DELETE", "kms/{id}", deleteKMSKey),
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
