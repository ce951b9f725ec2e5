package dynamostore

import (
	"strconv"
	"strings"
	"time"
)

// write is one write, which may have a condition.
//
// In expressions, # before a name says that it is that of an attribute, which may be
// a reserved word then (#status, #ttl, #count), and each ? stands for a value, in
// their order.
type write struct {
	kind      writeKind
	key       key
	attrs     item       // of a put
	update    expression // of an update
	condition expression // empty for none
}

// writeKind is the name of a write in a transaction. Alone it is called PutItem and so
// on.
type writeKind string

const (
	putKind    writeKind = "Put"
	updateKind writeKind = "Update"
	removeKind writeKind = "Delete"
	checkKind  writeKind = "ConditionCheck"
)

type expression struct {
	text   string
	values []value
}

// put makes a row of these attributes alone, whatever was there.
func put(k key, attrs item) write { return write{kind: putKind, key: k, attrs: attrs} }

// update changes attributes of a row. Without a condition it makes the row if there
// is none.
func update(k key, text string, values ...value) write {
	return write{kind: updateKind, key: k, update: expression{text, values}}
}

// remove removes a row. Without a condition it need not be there.
func remove(k key) write { return write{kind: removeKind, key: k} }

// check changes nothing, but its condition must hold. It is for transactions.
func check(k key, condition string) write {
	return write{kind: checkKind, key: k}.when(condition)
}

// when gives a write its condition; of several all must hold.
func (w write) when(condition string, values ...value) write {
	if w.condition.text != "" {
		condition = "(" + w.condition.text + ") AND (" + condition + ")"
	}
	w.condition = expression{condition, append(w.condition.values[:len(w.condition.values):len(w.condition.values)], values...)}
	return w
}

// The conditions that most writes have.
const (
	absent  = "attribute_not_exists(pk)"
	present = "attribute_exists(pk)"
)

// whenAbsent lets a write make a row only where there is none that has not expired.
func (w write) whenAbsent(now time.Time) write {
	return w.when(absent+" OR #ttl <= ?", n(now.Unix()))
}

func (w write) item() item { return w.key.with(w.attrs) }

// expressions are those of a write as DynamoDB takes them. What is not needed is
// empty, and left out.
type expressions struct {
	UpdateExpression          string            `json:",omitempty"`
	ConditionExpression       string            `json:",omitempty"`
	ExpressionAttributeNames  map[string]string `json:",omitempty"`
	ExpressionAttributeValues item              `json:",omitempty"`
}

func (w write) expressions() (e expressions) {
	e.UpdateExpression, e.ConditionExpression = e.add(w.update), e.add(w.condition)
	return e
}

// add gives the text of an expression, with names for its attributes and values.
func (e *expressions) add(x expression) string {
	var text strings.Builder
	rest := x.values
	for i := 0; i < len(x.text); i++ {
		switch c := x.text[i]; c {
		case '?':
			if e.ExpressionAttributeValues == nil {
				e.ExpressionAttributeValues = item{}
			}
			name := ":" + strconv.Itoa(len(e.ExpressionAttributeValues))
			e.ExpressionAttributeValues[name], rest = rest[0], rest[1:]
			text.WriteString(name)
		case '#':
			end := i + 1
			for end < len(x.text) && isNamePart(x.text[end]) {
				end++
			}
			if e.ExpressionAttributeNames == nil {
				e.ExpressionAttributeNames = map[string]string{}
			}
			e.ExpressionAttributeNames[x.text[i:end]] = x.text[i+1 : end]
			text.WriteString(x.text[i:end])
			i = end - 1
		default:
			text.WriteByte(c)
		}
	}
	if len(rest) > 0 {
		panic("more values than places in " + x.text)
	}
	return text.String()
}

func isNamePart(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_'
}

// request is the write as DynamoDB takes it, but for what it shall give back.
func (w write) request(table string) writeRequest {
	r := writeRequest{TableName: table, expressions: w.expressions(), ReturnValuesOnConditionCheckFailure: "ALL_OLD"}
	if w.kind == putKind {
		r.Item = w.item()
	} else {
		r.Key = w.key.item()
	}
	return r
}

// batched is the write as a part of a batch: a put or a removal.
func (w write) batched() batchWrite {
	if w.kind == removeKind {
		return batchWrite{"DeleteRequest": {"Key": w.key.item()}}
	}
	return batchWrite{"PutRequest": {"Item": w.item()}}
}
