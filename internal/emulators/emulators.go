// Package emulators runs the services of AWS on this machine, for tests: Amazon's
// DynamoDB Local for the table, and moto server for everything else. `make
// emulators` sets them up in .cache/emulators. Where that was not done, tests that
// ask for one are skipped; with TOCSIN_CI set they fail. With -short they are skipped,
// too.
package emulators

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// DynamoDB gives the way to DynamoDB Local, which keeps its tables in memory. All
// tests of a binary share one, so each makes a table of its own. It ends with the
// binary.
func DynamoDB(t testing.TB) aws.Config {
	t.Helper()
	return dynamoDB.config(t)
}

// Moto gives the way to moto server: SQS, SES, SNS, Secrets Manager and more, in
// memory. All tests of a binary share one, so each makes resources of its own. It
// ends with the binary.
func Moto(t testing.TB) aws.Config {
	t.Helper()
	return moto.config(t)
}

var dynamoDB = emulator{
	name: "DynamoDB Local",
	file: filepath.Join(folder, "dynamodb-local", ".done"),
	command: func(port string) []string {
		jars := filepath.Join(folder, "dynamodb-local")
		return []string{
			"java", "-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.library.path=" + jars, "-cp", filepath.Join(jars, "*"),
			"software.amazon.dynamodb.services.local.main.ServerRunner", "-inMemory", "-disableTelemetry", "-port", port,
		}
	},
}

var moto = emulator{
	name: "moto server",
	file: filepath.Join(folder, "moto", ".done"),
	command: func(port string) []string {
		return []string{filepath.Join(folder, "moto", "bin", "moto_server"), "-H", "127.0.0.1", "-p", port}
	},
}

// folder is where `make emulators` puts things.
var folder = func() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..", ".cache", "emulators")
}()

// Open gives the ways to DynamoDB Local and to moto server for a program that is no
// test. They end with it.
func Open() (dynamo, others aws.Config, err error) {
	dynamo, err = dynamoDB.open()
	others, err2 := moto.open()
	return dynamo, others, errors.Join(err, err2)
}

// config is that of an emulator, for a test.
func (e *emulator) config(t testing.TB) aws.Config {
	t.Helper()
	if testing.Short() {
		t.Skip("the emulators take their time: left out with -short")
	}
	c, err := e.open()
	switch {
	case errors.Is(err, errNotSetUp) && os.Getenv("TOCSIN_CI") == "":
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
	return c
}

var errNotSetUp = errors.New("is not set up: run make emulators")

// open starts the emulator if nobody has yet.
func (e *emulator) open() (aws.Config, error) {
	if _, err := os.Stat(e.file); err != nil {
		return aws.Config{}, fmt.Errorf("%s %w", e.name, errNotSetUp)
	}
	e.once.Do(func() { e.url, e.err = e.start() })
	if e.err != nil {
		return aws.Config{}, fmt.Errorf("%s does not start: %w", e.name, e.err)
	}
	return aws.Config{
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("AKIDEMULATOR", "secret", ""),
		BaseEndpoint: aws.String(e.url),
	}, nil
}
