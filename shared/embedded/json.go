package embedded

import (
	"database/sql"
	"encoding/json"
	"reflect"
)

// textColumn is the value of a column that is NULL for an empty text.
func textColumn(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }

// toJSON is the value of a JSON column: NULL for a zero value.
func toJSON(v any) (any, error) {
	if reflect.ValueOf(v).IsZero() {
		return nil, nil
	}
	text, err := json.Marshal(v)
	return string(text), err
}

// fromJSON reads a JSON column; NULL changes nothing.
func fromJSON(column sql.NullString, into any) error {
	if !column.Valid {
		return nil
	}
	return json.Unmarshal([]byte(column.String), into)
}
