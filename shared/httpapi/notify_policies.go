package httpapi

import (
	"net/http"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// notifyPolicyOperations are the calls on the notify policies of topics, which are only kept and given back.
var notifyPolicyOperations = []Operation{
	ofTopic("create-notify-policy", "POST", "notify-policy", createNotifyPolicy),
	ofTopic("get-notify-policy", "GET", "notify-policy", getNotifyPolicy), // SMN: ShowNotifyPolicy
	ofTopic("update-notify-policy", "PUT", "notify-policy/{notify_policy_id}", updateNotifyPolicy),
	ofTopic("delete-notify-policy", "DELETE", "notify-policy/{notify_policy_id}", deleteNotifyPolicy),
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
