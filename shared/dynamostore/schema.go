package dynamostore

import (
	"strconv"

	"tocsin/shared/store"
)

// Keys. A row has its key, what conditions and updates need as attributes of their
// own, and everything else in the attribute v: JSON of an unexported struct next to
// the methods of its noun. Names of attributes and of members are for ever.
//
//	pk              sk         holds                                                  attributes besides v
//	T#project#name  -          a topic                                                id
//	L#project       t#id       a copy of the topic, for lists and for finding by id
//	L#project       tb#id      a block of the directory of these                      n, added, next
//	M#message       -          a message without its head                             text, tags; ttl
//	H#topic#0-3     message    its head                                               subject, at, text: its beginning; ttl
//	K#topic#project#key  -     a key of a message, for 24 hours                       message, project, fingerprint, at; ttl
//	M#message       c#chunk    a chunk that is or was delivered                       holder and lease, next, sent; matched, filtered,
//	                                                                                  waiting once it is finished; ttl
//	M#message       d#subscription  a delivery that has not succeeded                 dead; revived; holder; ttl
//	X#topic#0-3     message#subscription  the place of a dead one in the list         at; ttl
//	N#topic#0-3     day        SMS that were delivered                                h00 to h23; ttl
//
// Rows with a ttl go away by themselves, 15 days after the time to live of their
// message or later, see keepLonger; counts after 92 days. Nothing of a message needs its topic, whose
// id never comes again, so deleting a topic leaves them behind, but for the counts:
// see dropCounts.
//
// Access patterns, with their capacity units for rows of usual size:
//
//	CreateTopic    blocks 1 read, topic 1 read, block 1 read; topic, copy and block in a transaction  3 read, 6 write
//	               and now and then a block is opened                                       4 write in 64
//	GetTopic       topic                                                                    1 read
//	PutMessage     message; head; task. One KB and its subject                              2 write
//	PutMessageOnce key 1 read before; message, head and key in a transaction                1 read, 6 write
//	GetMessage     message; head. One unit for each 4 KB                                    2 read
//	ClaimChunk, SaveChunk, FinishChunk  chunk; a failure is 1 more, a dead one 2            1 write each
//	PutFailure     failure; a dead one has its place, too                                   1 write, dead 2
//	GetFailure     failure                                                                  1 read
//	ResolveFailure failure                                                                  1 write
//	               of an SMS: message, head, topic; failure and count in a transaction      3 read, 4 write
//	GetReport      chunks and failures of a message, about 20 to a unit                     1 read
//	               and the message while it is fanned out
//	ListFailures   failures; their subscriptions
//	ListMessages   heads of four partitions: of 100 of a KB                                 100 read
//	ListDead       places of four partitions; failures; heads; subscriptions                4 read, and up to 3 for each
//	Redeliver      head of each message; failure; its place                                 1 read, 2 write each
//	               and all rows of a message that would not be kept long enough
//	CountSMS       days of four partitions                                                  4 read
//
// Ids sort by time, so lists are in the order of ids.

func topicKey(project, name string) key { return key{"T#" + project + "#" + name, "-"} }

func listedTopicKey(project, id string) key { return key{"L#" + project, "t#" + id} }

// topicBlocks is the directory of a project's topics.
func topicBlocks(project string) directory {
	return directory{pk: "L#" + project, blocks: "tb#", rows: "t#", size: 64}
}

func messageKey(id string) key { return key{"M#" + id, "-"} }

func headList(topicID string) string { return "H#" + topicID }

func headKey(topicID, id string) key { return spread(headList(topicID), id, id) }

func onceKey(once store.Once) key {
	return key{"K#" + once.TopicID + "#" + once.Project + "#" + once.Key, "-"}
}

// What is known of the delivery of a message, beside the message.
const (
	fanOutPrefix  = "c#"
	failurePrefix = "d#"
)

func claimKey(k store.ChunkKey) key {
	return key{"M#" + k.MessageID, fanOutPrefix + strconv.Itoa(k.Chunk)}
}

func failureKey(messageID, subscriptionID string) key {
	return key{"M#" + messageID, failurePrefix + subscriptionID}
}

func deadList(topicID string) string { return "X#" + topicID }

func deadKey(f store.Failure) key {
	return spread(deadList(f.TopicID), deadPlace(f.MessageID, f.SubscriptionID), f.SubscriptionID)
}

// deadPlace is the sk of a dead failure in the list of its topic.
func deadPlace(messageID, subscriptionID string) string { return messageID + "#" + subscriptionID }

func countList(topicID string) string { return "N#" + topicID }

// countKey is the key of the counts of a day. SMS count at different partitions, by
// the last character of an id, so that many at once do not wait for each other.
func countKey(topicID, day, id string) key { return spread(countList(topicID), day, id) }
