// Package receive is the other end of the wire: an http.Handler for those who get
// notifications, of MNS topics and of SMN.
//
//	handler, err := receive.New(receive.Config{
//		MNS: []string{"https://mnstest.oss-cn-hangzhou.aliyuncs.com"},
//		SMN: []string{"https://smn.example.com"},
//		Receive: func(ctx context.Context, n receive.Notification) error {
//			if n.Topic != "alarms" || n.TopicOwner != "1000000000000001" {
//				return receive.ErrUnwanted
//			}
//			return store(ctx, n.MessageID, n.Text)
//		},
//	})
//
// A genuine notification is not yet a wanted one: anybody can have an account, make
// a topic and subscribe somebody else's endpoint. So compare the topic and its owner.
//
// A notification can come twice: its answer may be lost, and who has seen one can
// send it again, in MNS for 15 minutes. This package remembers none, since a memory
// that is bounded and ends with the process would only mostly help. Whoever acts on
// a notification keeps its message id beside what it caused; within a topic it is
// unique.
//
// The handler signs over what came in, so nothing in front of it may change the
// path, the query or the headers Content-Type, Content-MD5, Date and x-mns-….
//
// Real MNS signs with a key of 512 bits, which Go refuses. A program for it runs
// with GODEBUG=rsa1024min=0, or has a line "//go:debug rsa1024min=0" above its
// package main; the setting is for the whole process, so give the receiver one of
// its own. Without it the answer is 503 and the error says so. Keys of 1024 bits and
// more, such as Tocsin's, need nothing.
package receive
