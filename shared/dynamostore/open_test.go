package dynamostore

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"tocsin/internal/emulators"
	"tocsin/shared/queue"
	"tocsin/shared/smn"
)

// noQueue is a queue that nobody uses.
type noQueue struct{ queue.Queue }

func TestNewNeedsAll(t *testing.T) {
	whole := Config{Client: NewClient(aws.Config{}), Table: "t", Queue: noQueue{}}
	_, err := New(whole)
	require.NoError(t, err)
	for _, c := range []struct {
		take func(*Config)
		want string
	}{
		{func(c *Config) { c.Client = nil }, "no client"},
		{func(c *Config) { c.Table = "" }, "no name"},
		{func(c *Config) { c.Queue = nil }, "no queue"},
	} {
		part := whole
		c.take(&part)
		_, err := New(part)
		require.ErrorContains(t, err, c.want)
	}
}

func TestPutTasks(t *testing.T) {
	db, q := open(t)
	none, some := queue.Task{}, queue.NewFanOut("p", "t", "m", 0)
	require.NoError(t, db.putTasks(t.Context(), none))
	require.NoError(t, db.putTasks(t.Context(), none, some))
	leases, err := q.Receive(t.Context(), 10, time.Minute)
	require.NoError(t, err)
	require.Len(t, leases, 1)
	require.Equal(t, some, leases[0].Task)
}

func TestCreateTable(t *testing.T) {
	client, name := NewClient(emulators.DynamoDB(t)), "test-"+smn.NewID()
	require.NoError(t, CreateTable(t.Context(), client, name))
	var out struct {
		TimeToLiveDescription struct{ AttributeName, TimeToLiveStatus string }
	}
	require.NoError(t, client.Call(t.Context(), "DescribeTimeToLive", map[string]string{"TableName": name}, &out))
	require.Equal(t, "ttl", out.TimeToLiveDescription.AttributeName)
	require.Equal(t, "ENABLED", out.TimeToLiveDescription.TimeToLiveStatus)
	require.ErrorContains(t, CreateTable(t.Context(), client, name), name, "it is there")
}
