package dynamostore

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"tocsin/internal/emulators"
	"tocsin/shared/embedded"
	"tocsin/shared/queue"
	"tocsin/shared/smn"
	"tocsin/shared/store"
	"tocsin/shared/store/storetest"
)

// done are the groups of the suite, or cases of one, whose methods are there.
var done = []string{
	"topics/create_stores_what_get_finds",
	"topics/a_name_that_is_taken_answers_with_its_topic",
	"topics/fifty_creators_at_once_make_one_topic",
	"topics/list_is_newest_first_and_filtered_by_bytes",
	"topics/list_is_filtered_by_all_filters_together",
	"topics/a_cancelled_context_changes_nothing",
	"attributes/put,_get,_list",
	"attributes/putting_again_keeps_when_it_was_made",
	"attributes/a_topic_that_is_gone_takes_none",
	"attributes/delete",
	"tags/put_overwrites,_list_is_by_key",
	"tags/limit",
	"tags/many_at_once_do_not_overshoot",
	"tags/only_on_what_is_there",
	"tags/delete_tells_how_many",
	"tags/list_of_a_project_and_kind",
	"tags/they_go_with_their_document",
	"documents/create,_get,_find",
	"documents/an_id_and_a_name_are_given_once",
	"documents/limit",
	"documents/list",
	"documents/update",
	"documents/one_of_many_updates_at_once_wins",
	"documents/delete",
	"documents/those_of_a_document_go_with_it",
	"templates",
	"direct_SMS",
	"flow/messages_are_admitted_up_to_a_limit",
	"flow/a_limit_holds_for_all_windows",
	"flow/messages_are_admitted_one_after_the_other",
	"flow/what_is_not_bounded_is_not_counted",
	"flow/admitting_at_once_counts_right",
	"flow/a_clock_that_is_set_back_opens_nothing",
	"messages", "messages_with_a_key", "deliveries", "reports", "statistics",
}

// moment is the time of the suite: what it stores has not expired then.
var moment = time.Date(2026, 11, 3, 4, 5, 6, 789_000_000, time.UTC)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) (store.Store, queue.Queue) {
		name := strings.TrimPrefix(t.Name(), "TestStore/")
		for _, prefix := range done {
			if strings.HasPrefix(name+"/", prefix+"/") {
				db, q := open(t)
				db.now = func() time.Time { return moment }
				return partial{DB: db, missing: missing{q.(store.Store)}}, q
			}
		}
		t.Skip("not there yet")
		return nil, nil
	})
}

// partial is a store of which not all methods are there.
type partial struct {
	*DB
	missing
}

type missing struct{ store.Store }

// open gives an empty table, whose calls are counted, with a queue.
func open(t testing.TB) (*DB, queue.Queue) {
	t.Helper()
	client := dynamodb.NewFromConfig(emulators.DynamoDB(t))
	name := "test-" + smn.NewID()
	require.NoError(t, CreateTable(t.Context(), client, name))
	// The emulator removes at once what has expired by the clock on the wall, which is
	// not that of the tests. They look at rows that have expired and are still there.
	_, err := client.UpdateTimeToLive(t.Context(), &dynamodb.UpdateTimeToLiveInput{
		TableName:               aws.String(name),
		TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String("ttl"), Enabled: aws.Bool(false)},
	})
	require.NoError(t, err)
	q, err := embedded.Open(t.Context(), embedded.Config{Dir: t.TempDir(), Durability: embedded.Normal})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, q.Close()) })
	db, err := New(Config{Client: &meter{API: client}, Table: name, Queue: q})
	require.NoError(t, err)
	return db, q
}
