// Package dynamostore keeps topics, subscriptions, messages and how their delivery
// went in one table of DynamoDB; tasks go to a queue elsewhere. A DB meets
// store.Store. It remembers nothing that another instance needs, so any number of
// them work on one table.
//
// Every read is consistent: what a call has answered, the next one sees, wherever
// it runs. A method writes its rows first and puts its tasks into the queue then. A
// call that fails in between is repeated by its caller: where the rows are there
// already, the tasks are put again. schema.go tells all keys and what calls cost.
package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"tocsin/shared/queue"
)

// Config is what New needs.
type Config struct {
	Client API              // of NewClient
	Table  string           // name of the table
	Queue  queue.Queue      // gets the tasks
	Now    func() time.Time // what expires by; time.Now if nil
	Log    *slog.Logger     // gets what no caller can be told; nil for nothing
}

// DB is the table and the queue. Its methods may be called from many goroutines at
// once. There is nothing to close.
type DB struct {
	table
	queue  queue.Queue
	log    *slog.Logger
	chunks knownChunks
}

// New gives the store of a table, which is not looked at before the first call.
func New(cfg Config) (*DB, error) {
	switch {
	case cfg.Client == nil:
		return nil, errors.New("open table: no client given")
	case cfg.Table == "":
		return nil, errors.New("open table: no name given")
	case cfg.Queue == nil:
		return nil, errors.New("open table: no queue given")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &DB{table: table{api: cfg.Client, name: cfg.Table, now: cfg.Now}, queue: cfg.Queue, log: cfg.Log}, nil
}

// putTasks puts tasks into the queue, after the rows that cause them. The zero task
// is none.
func (db *DB) putTasks(ctx context.Context, tasks ...queue.Task) error {
	var some []queue.Task
	for _, task := range tasks {
		if task.ID != "" {
			some = append(some, task)
		}
	}
	if len(some) == 0 {
		return nil
	}
	if err := db.queue.Put(ctx, some...); err != nil {
		return fmt.Errorf("put %d tasks: %w", len(some), err)
	}
	return nil
}
