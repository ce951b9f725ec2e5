package embedded

import (
	"database/sql/driver"
	"strconv"

	"modernc.org/sqlite"

	"tocsin/shared/smn"
)

// The key of a message is the first half of its id, which is when it was made (see
// smn.NewID). So the row of a message is found without an index of ids, and a commit
// has fewer pages to write: it is a quarter of what storing a message costs.

// keyPlaces is how many keys behind the first half of its id a message may have. More
// than one is taken only when the clock was set back between two runs of the program.
const keyPlaces = 16

// messageKey is the first key that the message of an id may have; false for what is
// no id.
func messageKey(id string) (key int64, ok bool) {
	if !smn.IsID(id) {
		return 0, false
	}
	key, err := strconv.ParseInt(id[:16], 16, 64)
	return key, err == nil
}

// messageIs is the condition that a message m has the id that an expression gives.
func messageIs(id string) string {
	return `m.key BETWEEN message_key(` + id + `) AND message_key(` + id + `) + ` + strconv.Itoa(keyPlaces-1) + ` AND m.id = ` + id
}

func init() {
	sqlite.MustRegisterDeterministicScalarFunction("message_key", 1, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		id, _ := args[0].(string)
		if key, ok := messageKey(id); ok {
			return key, nil
		}
		return nil, nil //nolint:nilnil // NULL equals nothing
	})
}
