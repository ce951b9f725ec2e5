package dynamostore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"

	"tocsin/shared/awsjson"
)

// API answers the calls of DynamoDB, by their names. NewClient gives one.
type API interface {
	Call(ctx context.Context, operation string, in, out any) error
}

// maxAnswer is how many bytes of JSON an answer may have. The longest is that of
// findTemplates: 17 texts of 256 KiB, one for each protocol that can be named and the
// default, of which every byte may be six in JSON, so 25.5 MiB. A query reads 1 MB of
// rows at once, and the other rows that are read by the hundred have a few KB.
const maxAnswer = 26 << 20

// NewClient gives a client of DynamoDB, which asks for nothing before the first call.
// A call that is throttled it does not repeat: the store does.
func NewClient(cfg aws.Config) *awsjson.Client {
	return awsjson.New(awsjson.Service{
		Name: "dynamodb", Target: "DynamoDB_20120810", Version: "1.0",
		BacksOff:  true, // see table.call
		MaxAnswer: maxAnswer,
	}, cfg)
}

// What is asked, and what is answered, with the names of DynamoDB.
type (
	getRequest struct {
		TableName      string
		Key            item
		ConsistentRead bool
	}
	getAnswer struct{ Item item }

	// batchGet is some keys of a table.
	batchGet struct {
		Keys           []item
		ConsistentRead bool
	}
	batchGetRequest struct {
		RequestItems map[string]batchGet // by table
	}
	batchGetAnswer struct {
		Responses       map[string][]item
		UnprocessedKeys map[string]batchGet
	}

	queryRequest struct {
		TableName                 string
		KeyConditionExpression    string
		ExpressionAttributeValues item
		ExclusiveStartKey         item `json:",omitempty"`
		ConsistentRead            bool
		ScanIndexForward          bool
		Limit                     int `json:",omitempty"`
	}
	queryAnswer struct {
		Items            []item
		LastEvaluatedKey item
	}

	// writeRequest is a write of any kind, alone or in a transaction.
	writeRequest struct {
		TableName string
		Item      item `json:",omitempty"` // of a put
		Key       item `json:",omitempty"` // of all others
		expressions
		ReturnValues                        string `json:",omitempty"` // none in a transaction
		ReturnValuesOnConditionCheckFailure string
	}
	writeAnswer struct{ Attributes item }

	transactRequest struct {
		ClientRequestToken string
		TransactItems      []map[writeKind]writeRequest // one in each
	}

	// batchWrite is an Item in a PutRequest, or a Key in a DeleteRequest.
	batchWrite        map[string]map[string]item
	batchWriteRequest struct {
		RequestItems map[string][]batchWrite // by table
	}
	batchWriteAnswer struct {
		UnprocessedItems map[string][]batchWrite
	}

	// refusal is what an error tells besides its code.
	refusal struct {
		Item                item     // what is there, where a condition does not hold
		CancellationReasons []reason // of each write of a transaction
	}
	reason struct {
		Code string // None if the write is not the reason
		Item item
	}
)
