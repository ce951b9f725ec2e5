package receive_test

import (
	"context"
	"fmt"
	"net/http"

	"tocsin/shared/receive"
)

// An endpoint for one topic of MNS and one of SMN, whose subscription it confirms.
func Example() {
	const account, urn = "1000000000000001", "urn:smn:local:0123456789abcdef0123456789abcdef:alarms"
	handler, err := receive.New(receive.Config{
		MNS: []string{"https://mnstest.oss-cn-hangzhou.aliyuncs.com"},
		SMN: []string{"https://smn.example.com"},
		Receive: func(_ context.Context, n receive.Notification) error {
			isOurs := n.Protocol == receive.SMN && n.Topic == urn ||
				n.Protocol == receive.MNS && n.TopicOwner == account && n.Topic == "alarms"
			if !isOurs {
				return receive.ErrUnwanted
			}
			fmt.Println(n.MessageID, n.Text)
			return nil
		},
		Confirm: func(ctx context.Context, c receive.Confirmation) error {
			if c.TopicURN != urn {
				return receive.ErrUnwanted
			}
			return c.Follow(ctx)
		},
	})
	if err != nil {
		panic(err)
	}
	http.Handle("/notifications", handler) // by a server that bounds the time for a request
}
