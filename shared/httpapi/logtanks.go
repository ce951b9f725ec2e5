package httpapi

import (
	"net/http"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// logtankOperations are the calls on the log streams of topics, which are only kept and given back.
var logtankOperations = []Operation{
	ofTopic("create-logtank", "POST", "logtanks", createLogtank),
	ofTopic("list-logtanks", "GET", "logtanks", listLogtanks),
	ofTopic("update-logtank", "PUT", "logtanks/{logtank_id}", updateLogtank),
	ofTopic("delete-logtank", "DELETE", "logtanks/{logtank_id}", deleteLogtank),
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
