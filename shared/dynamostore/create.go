package dynamostore

import (
	"context"
	"fmt"
	"time"

	"tocsin/shared/awsjson"
)

// How long a new table may take, and how often it is looked at.
const (
	tableWait  = 2 * time.Minute
	tablePause = time.Second
)

// CreateTable makes the table where no template does: for emulators.
func CreateTable(ctx context.Context, client API, name string) error {
	ctx, cancel := context.WithTimeout(ctx, tableWait)
	defer cancel()
	type object = map[string]any
	err := client.Call(ctx, "CreateTable", object{
		"TableName":   name,
		"BillingMode": "PAY_PER_REQUEST",
		"AttributeDefinitions": []object{
			{"AttributeName": "pk", "AttributeType": "S"},
			{"AttributeName": "sk", "AttributeType": "S"},
		},
		"KeySchema": []object{
			{"AttributeName": "pk", "KeyType": "HASH"},
			{"AttributeName": "sk", "KeyType": "RANGE"},
		},
	}, nil)
	if err == nil {
		err = waitForTable(ctx, client, name)
	}
	if err == nil {
		err = client.Call(ctx, "UpdateTimeToLive", object{
			"TableName":               name,
			"TimeToLiveSpecification": object{"AttributeName": "ttl", "Enabled": true},
		}, nil)
	}
	if err != nil {
		return fmt.Errorf("create table %s: %w", name, err)
	}
	return nil
}

// waitForTable waits until a new table can be used.
func waitForTable(ctx context.Context, client API, name string) error {
	for {
		var out struct{ Table struct{ TableStatus string } }
		err := client.Call(ctx, "DescribeTable", map[string]string{"TableName": name}, &out)
		switch {
		case err == nil && out.Table.TableStatus == "ACTIVE":
			return nil
		case err != nil && awsjson.CodeOf(err) != "ResourceNotFoundException": // which a new table may be at first
			return err
		}
		if err := awsjson.Pause(ctx, tablePause); err != nil {
			return err
		}
	}
}
