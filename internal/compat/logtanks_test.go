package compat

import (
	"net/http"
	"testing"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/smn/v2/model"
	"github.com/stretchr/testify/require"
)

var logtanks = scenarios{
	"CreateLogtank": createLogtank,
	"ListLogtank":   listLogtank,
	"UpdateLogtank": updateLogtank,
	"DeleteLogtank": deleteLogtank,
}

// A log group and its streams, as the log service names them.
const (
	logGroup    = "6d0a2e1c-7f4b-4b0e-9a51-0c4f5b0a8d11"
	logStream   = "0b7b9a52-2f0d-4c56-8f4e-9e1a6cf6a2d2"
	otherStream = "c1b4f0de-93a8-4f6b-b1a7-3d5e8a7c9f33"
)

func (s *service) createLogtank(topic string) (*model.CreateLogtankResponse, error) {
	return s.CreateLogtank(&model.CreateLogtankRequest{
		TopicUrn: topic, Body: &model.CreateLogtankRequestBody{LogGroupId: logGroup, LogStreamId: logStream},
	})
}

// logtank creates one and gives its id.
func (s *service) logtank(t *testing.T, topic string) string {
	t.Helper()
	out, err := s.createLogtank(topic)
	require.NoError(t, err)
	return text(t, out.Id)
}

func (s *service) logtanks(t *testing.T, topic string) []model.LogtankItem {
	t.Helper()
	out, err := s.ListLogtank(&model.ListLogtankRequest{TopicUrn: topic})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, out.HttpStatusCode)
	id(t, out.RequestId)
	require.NotNil(t, out.Count)
	require.NotNil(t, out.Logtanks, "a list is never null")
	require.Len(t, *out.Logtanks, int(*out.Count))
	return *out.Logtanks
}

func createLogtank(t *testing.T, s *service) {
	topic := s.topic(t)
	out, err := s.createLogtank(topic)
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, out.HttpStatusCode)
	id(t, out.RequestId)
	require.NotEmpty(t, text(t, out.Id))

	_, err = s.DeleteLogtank(&model.DeleteLogtankRequest{TopicUrn: topic, LogtankId: *out.Id})
	require.NoError(t, err)
	again, err := s.createLogtank(topic)
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, again.HttpStatusCode)
	require.NotEqual(t, out.Id, again.Id)

	_, err = s.createLogtank(nowhere())
	refused(t, err, "SMN.0006")
	_, err = s.createLogtank(malformed)
	refused(t, err, "SMN.0005")
}

func listLogtank(t *testing.T, s *service) {
	topic := s.topic(t)
	require.Empty(t, s.logtanks(t, topic))
	logtank := s.logtank(t, topic)
	for range 2 {
		all := s.logtanks(t, topic)
		require.Len(t, all, 1)
		require.Equal(t, logtank, all[0].Id)
		require.Equal(t, logGroup, all[0].LogGroupId)
		require.Equal(t, logStream, all[0].LogStreamId)
		moment(t, all[0].CreateTime)
		moment(t, all[0].UpdateTime)
	}
	_, err := s.ListLogtank(&model.ListLogtankRequest{TopicUrn: nowhere()})
	refused(t, err, "SMN.0006")
}

func updateLogtank(t *testing.T, s *service) {
	topic := s.topic(t)
	logtank := s.logtank(t, topic)
	update := func(topic, logtank string) (*model.UpdateLogtankResponse, error) {
		return s.UpdateLogtank(&model.UpdateLogtankRequest{
			TopicUrn: topic, LogtankId: logtank,
			Body: &model.UpdateLogtankRequestBody{LogGroupId: logGroup, LogStreamId: otherStream},
		})
	}
	for range 2 {
		out, err := update(topic, logtank)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, out.HttpStatusCode)
		id(t, out.RequestId)
		require.NotNil(t, out.Logtank)
		require.Equal(t, logtank, out.Logtank.Id)
		require.Equal(t, logGroup, out.Logtank.LogGroupId)
		require.Equal(t, otherStream, out.Logtank.LogStreamId)
		moment(t, out.Logtank.CreateTime)
		moment(t, out.Logtank.UpdateTime)
		require.Equal(t, []model.LogtankItem{*out.Logtank}, s.logtanks(t, topic))
	}
	_, err := update(topic, unknownID)
	undocumented(t, err, http.StatusNotFound)
	_, err = update(nowhere(), logtank)
	refused(t, err, "SMN.0006")
}

func deleteLogtank(t *testing.T, s *service) {
	topic := s.topic(t)
	remove := &model.DeleteLogtankRequest{TopicUrn: topic, LogtankId: s.logtank(t, topic)}
	out, err := s.DeleteLogtank(remove)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, out.HttpStatusCode)
	id(t, out.RequestId)
	require.Empty(t, s.logtanks(t, topic))

	_, err = s.DeleteLogtank(remove)
	undocumented(t, err, http.StatusNotFound)
	remove.TopicUrn = nowhere()
	_, err = s.DeleteLogtank(remove)
	refused(t, err, "SMN.0006")
}
