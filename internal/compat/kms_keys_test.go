package compat

import (
	"net/http"
	"testing"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/smn/v2/model"
	"github.com/stretchr/testify/require"
)

var kmsKeys = scenarios{
	"CreateKmsKey": createKmsKey,
	"ShowKmsKey":   showKmsKey,
	"UpdateKmsKey": updateKmsKey,
	"DeleteKmsKey": deleteKmsKey,
}

// Keys, as the key service names them.
const (
	kmsKey      = "0d0466b0-e727-4d9c-b35d-f84bb474a37f"
	otherKMSKey = "1f8a7c1e-5f5b-4e57-9bb3-2c86d21f0b4a"
)

func (s *service) createKmsKey(topic string) (*model.CreateKmsKeyResponse, error) {
	return s.CreateKmsKey(&model.CreateKmsKeyRequest{TopicUrn: topic, Body: &model.AddKmsKeyRequestBody{KeyId: kmsKey}})
}

// bound checks the key of a topic.
func (s *service) bound(t *testing.T, topic, bindingID, key string) {
	t.Helper()
	out, err := s.ShowKmsKey(&model.ShowKmsKeyRequest{TopicUrn: topic})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, out.HttpStatusCode)
	id(t, out.RequestId)
	require.Equal(t, bindingID, text(t, out.Id))
	require.Equal(t, key, text(t, out.KeyId))
	require.NotNil(t, out.Status)
	// A binding becomes active some minutes after it was made.
	require.Contains(t, []string{"ENABLED", "TO_BE_ACTIVATED"}, out.Status.Value())
}

func createKmsKey(t *testing.T, s *service) {
	topic := s.topic(t)
	out, err := s.createKmsKey(topic)
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, out.HttpStatusCode)
	id(t, out.RequestId)
	s.bound(t, topic, text(t, out.Id), kmsKey)

	_, err = s.DeleteKmsKey(&model.DeleteKmsKeyRequest{TopicUrn: topic, Id: *out.Id})
	require.NoError(t, err)
	again, err := s.createKmsKey(topic)
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, again.HttpStatusCode)
	require.NotEqual(t, out.Id, again.Id)

	_, err = s.createKmsKey(nowhere())
	refused(t, err, "SMN.0006")
	_, err = s.createKmsKey(malformed)
	refused(t, err, "SMN.0005")
}

func showKmsKey(t *testing.T, s *service) {
	topic := s.topic(t)
	created, err := s.createKmsKey(topic)
	require.NoError(t, err)
	for range 2 {
		s.bound(t, topic, text(t, created.Id), kmsKey)
	}
	_, err = s.ShowKmsKey(&model.ShowKmsKeyRequest{TopicUrn: nowhere()})
	refused(t, err, "SMN.0006")
}

func updateKmsKey(t *testing.T, s *service) {
	topic := s.topic(t)
	created, err := s.createKmsKey(topic)
	require.NoError(t, err)
	update := func(topic, bindingID string) (*model.UpdateKmsKeyResponse, error) {
		return s.UpdateKmsKey(&model.UpdateKmsKeyRequest{
			TopicUrn: topic, Id: bindingID, Body: &model.UpdateKmsKeyRequestBody{KeyId: otherKMSKey},
		})
	}
	for range 2 {
		out, err := update(topic, text(t, created.Id))
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, out.HttpStatusCode)
		id(t, out.RequestId)
		require.Equal(t, *created.Id, text(t, out.Id))
		s.bound(t, topic, *created.Id, otherKMSKey)
	}
	_, err = update(topic, unknownID)
	undocumented(t, err, http.StatusNotFound)
	_, err = update(nowhere(), *created.Id)
	refused(t, err, "SMN.0006")
}

func deleteKmsKey(t *testing.T, s *service) {
	topic := s.topic(t)
	created, err := s.createKmsKey(topic)
	require.NoError(t, err)
	remove := &model.DeleteKmsKeyRequest{TopicUrn: topic, Id: text(t, created.Id)}
	out, err := s.DeleteKmsKey(remove)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, out.HttpStatusCode)
	id(t, out.RequestId)

	_, err = s.DeleteKmsKey(remove)
	undocumented(t, err, http.StatusNotFound)
	remove.TopicUrn = nowhere()
	_, err = s.DeleteKmsKey(remove)
	refused(t, err, "SMN.0006")
}
