package dynamostore

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// s is a text. It is UTF-8; other bytes go by b.
func s(text string) value { return value{S: &text} }

// n is a number.
func n[T ~int | ~int64](number T) value {
	return value{N: strconv.FormatInt(int64(number), 10)}
}

// b is bytes, of which there may be none.
func b(bytes []byte) value {
	if bytes == nil {
		bytes = []byte{}
	}
	return value{B: bytes}
}

// set is a set of bytes, which must not be empty.
func set(members [][]byte) value { return value{BS: members} }

// ms is a time to the millisecond.
func ms(at time.Time) value { return n(at.UnixMilli()) }

// ttl is the value of the attribute of that name: the row may go away, and is not
// read any more, from that moment on, which is rounded up to the second.
func ttl(at time.Time) value { return n(at.Add(time.Second - 1).Unix()) }

// body is the attribute v of a row: the JSON of a struct of this package, which
// holds only what has some.
func body(v any) value {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // it would be six bytes for one
	if err := encoder.Encode(v); err != nil {
		panic(fmt.Sprintf("a row that has no JSON: %v", err))
	}
	return s(string(bytes.TrimSuffix(text.Bytes(), []byte("\n"))))
}

// decode reads the attribute v.
func (r row) decode(dest any) error {
	if err := json.Unmarshal([]byte(r.str("v")), dest); err != nil {
		return fmt.Errorf("row %s: %w", r.key, err)
	}
	return nil
}

// has says whether there is an attribute.
func (r row) has(name string) bool {
	_, ok := r.attrs[name]
	return ok
}

// str is a text, empty when there is none.
func (r row) str(name string) string {
	if text := r.attrs[name].S; text != nil {
		return *text
	}
	return ""
}

// num is a whole number, 0 when there is none.
func (r row) num(name string) int64 {
	number, _ := strconv.ParseInt(r.attrs[name].N, 10, 64) // what n wrote
	return number
}

// time is what ms has kept.
func (r row) time(name string) time.Time { return time.UnixMilli(r.num(name)).UTC() }

// bytes is bytes, nil when there are none.
func (r row) bytes(name string) []byte { return r.attrs[name].B }

// set is the members of a set, in no order.
func (r row) set(name string) [][]byte { return r.attrs[name].BS }

// expired says whether the row may be gone: DynamoDB takes its time with that.
func (r row) expired(now time.Time) bool { return r.has("ttl") && r.num("ttl") <= now.Unix() }
