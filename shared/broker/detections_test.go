package broker_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/shared/broker"
	"tocsin/shared/smn"
)

// TestDetectionsDoNotPileUp: a new one takes the place of the oldest.
func TestDetectionsDoNotPileUp(t *testing.T) {
	f := open(t, func(c *broker.Config) { c.AllowPrivateEndpoints = true })
	topic := f.topic(t)
	var ids []string
	for range smn.MaxDetections + 2 {
		id, err := f.Detect(f.ctx, smn.DetectInput{TopicURN: topic, Protocol: smn.HTTP, Endpoint: "http://127.0.0.1/", Header: map[string]string{"x-a": "b"}})
		require.NoError(t, err)
		ids = append(ids, id)
	}
	for i, id := range ids {
		d, err := f.GetDetection(f.ctx, smn.AttachmentInput{TopicURN: topic, ID: id})
		if i < 2 {
			require.Equal(t, smn.ResourceNotFound, smn.CodeOf(err))
			continue
		}
		require.NoError(t, err)
		require.Equal(t, smn.Detection{Status: smn.NotDetected}, d)
	}
	tasks := f.waiting(t)
	require.Len(t, tasks, len(ids))
	for _, task := range tasks {
		require.Contains(t, ids, task.Detection.ID)
		require.Equal(t, topic, task.Detection.TopicURN)
		require.Equal(t, map[string]string{"x-a": "b"}, task.Detection.Header)
	}
}

func TestDetectInsideNetworks(t *testing.T) {
	f := open(t, nil)
	topic := f.topic(t)
	_, err := f.Detect(f.ctx, smn.DetectInput{TopicURN: topic, Protocol: smn.HTTP, Endpoint: "http://169.254.169.254/latest/meta-data"})
	require.Equal(t, smn.InternalEndpoint, smn.CodeOf(err))
	require.Empty(t, f.waiting(t))
}
