package emulators_test

import (
	"bufio"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"tocsin/internal/emulators"
	"tocsin/shared/dynamostore"
)

func TestDynamoDB(t *testing.T) {
	cfg := emulators.DynamoDB(t)
	require.Equal(t, *cfg.BaseEndpoint, *emulators.DynamoDB(t).BaseEndpoint, "there is one")
	var out struct{ TableNames []string }
	require.NoError(t, dynamostore.NewClient(cfg).Call(t.Context(), "ListTables", struct{}{}, &out))
	require.Empty(t, out.TableNames)
}

func TestMoto(t *testing.T) {
	queue, err := sqs.NewFromConfig(emulators.Moto(t)).CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("tasks")})
	require.NoError(t, err)
	require.Contains(t, *queue.QueueUrl, "/tasks")
}

// The emulator of a binary that is killed ends, too.
func TestEndsWithItsBinary(t *testing.T) {
	if os.Getenv("EMULATORS_TEST_CHILD") != "" {
		address, err := url.Parse(*emulators.DynamoDB(t).BaseEndpoint)
		require.NoError(t, err)
		_, err = os.Stdout.WriteString("\n" + address.Host + "\n")
		require.NoError(t, err)
		_, _ = io.Copy(io.Discard, os.Stdin) // until it is killed
		return
	}
	emulators.DynamoDB(t) // or it is skipped
	child := exec.Command(os.Args[0], "-test.run=^TestEndsWithItsBinary$")
	child.Env = append(os.Environ(), "EMULATORS_TEST_CHILD=1")
	input, err := child.StdinPipe()
	require.NoError(t, err)
	output, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	lines := bufio.NewReader(output)
	_, err = lines.ReadString('\n')
	require.NoError(t, err)
	address, err := lines.ReadString('\n')
	require.NoError(t, err)
	address = address[:len(address)-1]
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()

	require.NoError(t, child.Process.Kill())
	require.Error(t, child.Wait())
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(20*time.Second)))
	_, err = conn.Read(make([]byte, 1))
	require.Error(t, err)
	require.NotErrorIs(t, err, os.ErrDeadlineExceeded, "it goes on")
	_ = input.Close()
}
