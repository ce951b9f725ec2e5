package dynamostore

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"tocsin/shared/smn"
	"tocsin/shared/store"
)

// Keys. A row has its key, what conditions and updates need as attributes of their
// own, and everything else in the attribute v: JSON of an unexported struct next to
// the methods of its noun. Names of attributes and of members are for ever.
//
//	pk              sk         holds                                                  attributes besides v
//	T#project#name  -          a topic                                                id
//	L#project       t#id       a copy of the topic, for lists and for finding by id
//	L#project       tb#id      a block of the directory of these                      n, last, next: see directory
//	S#topic         r          the roster of its subscriptions, without v             see roster
//	S#topic         b#id       a block of these that is not the last, without v       see roster
//	S#topic         s#id       a subscription                                         seq, status, version, remark, filters
//	S#topic         e#hash     that its name or endpoint is taken, without v          id
//	S#topic         h#seq      how its endpoint fares, while in trouble               id, project, seq
//	L#project       s#id       a copy of the subscription, for lists                  also topic, name
//	L#project       sb#id      a block of the directory of these                      see directory
//	L#project       sg#id      a group of these blocks                                see directory
//	L#project       x#topic    that a deleted topic has rows of these still           none, no v
//	M#message       -          a message without its head                             text, tags; ttl
//	H#topic#0-3     message    its head                                               subject, at, text: its beginning; ttl
//	K#topic#project#key  -     a key of a message, for 24 hours                       message, project, fingerprint, at; ttl
//	M#message       c#chunk    a chunk that is or was delivered                       holder and lease, next, sent; matched, filtered,
//	                                                                                  waiting once it is finished; ttl
//	M#message       d#subscription  a delivery that has not succeeded                 dead; revived; holder; ttl
//	X#topic#0-3     message#subscription  the place of a dead one in the list         at; ttl
//	F#recipient     -          what a recipient got lately                            rev: another with each change; ttl
//	O#topic         a#name     an attribute, without v                                text, created, updated
//	O#topic         c#day#0-3  SMS of a day that were delivered, without v            h00 to h23: of each hour; ttl
//	O#owner         d#kind#id  a document                                             version, body
//	O#owner         b#kind#id  a block of the directory of these                      see directory
//	O#owner         n#kind#name   the document of that name                           id
//	O#owner         x#kind#id  mark of a document of which not all is gone            none, no v
//	G#project#kind  id         all tags of a topic or document                        rev
//	P#project       t#id       a template without its content                         version
//	P#project       n#name#protocol   the template of that name and protocol          id
//	P#project       c          how many templates there are                           n
//	V#version       -          a version of a template                                content; ttl when it is out of use
//	E#project       m#time#id  an SMS, by the milliseconds of when it was accepted    status, reason, finished, ttl
//	E#project       h#time     an hour of SMS                                         n, ttl
//	I#id            -          where an SMS is                                        project, row, ttl
//
// Rows of messages go away by themselves, 15 days after the time to live of their
// message or later, see keepLonger; counts of SMS after 92 days. Nothing of a message
// needs its topic, whose id never comes again: so deleting a topic leaves its messages
// behind.
//
// Access patterns, with their capacity units for rows of usual size:
//
//	CreateTopic    blocks 1 read, topic 1 read, block 1 read; topic, copy and block in a transaction  3 read, 6 write
//	               and now and then a block is opened                                       4 write in 64
//	GetTopic, FindTopic   topic, or its copy                                                1 read
//	ListTopics     blocks 2 read of 3,000; at most 164 rows for 100                         14 read
//	               by name or id                                                            1 read
//	               with another filter the whole list                                       1 read for each 4 KB
//	UpdateTopic    copy; topic and copy in a transaction                                    1 read, 4 write
//	DeleteTopic    topic, block, roster; all three, copy, tags, last block of subscriptions and mark in a
//	               transaction; attributes and documents                                    4 read, 15 write, 1 for each of these
//	CleanUp        copy; clearing below; attributes and documents                           1 read
//	AddSubscriptions   roster and endpoints, blocks 2 read, counts; counts 1 write each; in a transaction of up
//	               to 30: each, its copy and endpoint; roster, block and group          6 read, 13 write for one, 8 each of 50
//	               the first of a topic checks that topic                                   2 write more
//	               and now and then a block is opened, of the topic or of the project       2 and 6 write in 64
//	GetSubscription    roster, subscription                                                 2 read
//	ChangeStatus, SetRemark, SetFilters   the same and block; subscription, copy and block
//	               in a transaction                                                         3 read, 6 write
//	               confirming looks for counts and forgets them                             1 read, 1 write
//	DeleteSubscription   the same and blocks; all of it, roster, block and group in a transaction  5 read, 16 write
//	ListSubscriptions  of a topic: roster, blocks 3 read of 10,000; at most 164 rows for 100    15 read
//	               of a project: marks of deleted topics, groups 4 read of 1,000,000, blocks, rows  21 read
//	               with a filter the whole list                                             1 read for each 4 KB
//	GetChunk       roster, blocks 3 read of 10,000; rows                                    20 read for 256
//	               known from before: roster and blocks alone                               2 read
//	PutHealth      health, if there is one                                                  1 write
//	               else roster; check of the subscription and health in a transaction       1 read, 4 write
//	ClearHealth    subscription; health                                                     1 read, 1 write
//	GetHealth      roster, subscription, health                                             3 read
//	ListHealth     those of a chunk; roster if there are any                                1 or 2 read
//	clearing a deleted topic   20 subscriptions: mark, rows, blocks; all of each and blocks in a transaction   8 read, 170 write
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
//	CountSMS       four rows of each day, of a tenth of a KB if all hours have some         1 read for each 4 KB
//	Admit          counts; counts. Of several recipients the writes are in a transaction    1 read, 1 or 2 write each
//	PutAttribute   check of the topic and attribute in a transaction                        4 write, 2 for each further KB
//	GetAttribute, ListAttributes   one or all                                               1 read for each 4 KB
//	CreateDocument blocks 2 read; document, name and block in a transaction                 2 read, 6 write, 2 for each further KB
//	AttachDocument the same and a check of its owner                                        2 read, 8 write
//	GetDocument    document                                                                 1 read
//	FindDocument   name, document                                                           2 read
//	ListDocuments  blocks, and a block of rows more than asked for                          1 read for each 4 KB
//	UpdateDocument document; document in a transaction, with another name names as well     1 read, 2 or 6 write
//	DeleteDocument document; all of it in a transaction; what it owned; mark                5 read, 10 write
//	PutTags        tags 1 read; check of the thing and tags in a transaction                1 read, 4 write
//	DeleteTags     tags; tags                                                               1 read, 2 write
//	ListTags       tags                                                                     1 read
//	ListTagged     tags of all                                                              1 read for each 4 KB
//	CreateTemplate name, count, template and version in a transaction                       8 write, 2 for each further KB
//	GetTemplate    template, version                                                        2 read, 1 for each further 4 KB
//	FindTemplates  names, templates, versions                                               3 read for one, 2 for each further
//	ListTemplates  all of the project                                                       1 read for each 4 KB
//	UpdateTemplate, DeleteTemplate   template; all of it in a transaction                   1 read, 6 and 8 write, 2 for each further KB
//	PutSMS         SMS, where they are, and their hour in a transaction of 49               6 write for one, 4 for each further
//	GetSMS         where it is, SMS                                                         2 read
//	ListSMS        hours 6 read for two weeks; SMS 8 read for 100
//	               all of the time when it asks for a number, a sign or a status            1 read for each 4 KB
//	FinishSMS      where it is; SMS                                                         1 read, 1 write
//
// Ids sort by time, so lists are in the order of ids.

func topicKey(project, name string) key { return key{"T#" + project + "#" + name, "-"} }

func listedTopicKey(project, id string) key { return key{"L#" + project, "t#" + id} }

// topicBlocks is the directory of a project's topics.
func topicBlocks(project string) directory {
	return directory{pk: "L#" + project, blocks: "tb#", rows: "t#", size: 64}
}

// rosterKey and the keys below are of one partition for each topic, which goes with
// it.
func rosterKey(topicID string) key { return key{"S#" + topicID, "r"} }

const (
	blockPrefix        = "b#"
	subscriptionPrefix = "s#"
	deletedPrefix      = "x#"
)

func blockKey(topicID, first string) key { return key{"S#" + topicID, blockPrefix + first} }

func subscriptionKey(topicID, id string) key { return key{"S#" + topicID, subscriptionPrefix + id} }

// guardKey is of the row that says that a subscription's name, or else its protocol and
// endpoint, are taken. It has a hash of fixed length, whatever they are.
func guardKey(topicID string, sub store.Subscription) key {
	text := string(sub.Protocol) + "\x00" + sub.Endpoint
	if sub.Name != "" {
		text = "\x00" + sub.Name
	}
	sum := sha256.Sum256([]byte(text))
	return key{"S#" + topicID, "e#" + hex.EncodeToString(sum[:16])}
}

// healthKey sorts by place.
func healthKey(topicID string, seq int64) key {
	return key{"S#" + topicID, fmt.Sprintf("h#%012d", seq)}
}

// listedSubscriptionKey has the prefix of the row that it is a copy of.
func listedSubscriptionKey(project, id string) key {
	return key{"L#" + project, subscriptionPrefix + id}
}

func deletedTopicKey(project, topicID string) key {
	return key{"L#" + project, deletedPrefix + topicID}
}

// topicSubscriptions is the directory of a topic's subscriptions, but for its last
// block, which is in the roster.
func topicSubscriptions(topicID string) directory {
	return directory{pk: "S#" + topicID, blocks: blockPrefix, rows: subscriptionPrefix, size: blockSize}
}

// projectSubscriptions is the directory of all subscriptions of a project.
func projectSubscriptions(project string) directory {
	return directory{pk: "L#" + project, blocks: "sb#", rows: subscriptionPrefix, size: 64, groups: "sg#", groupSize: 128}
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

const countPrefix = "c#"

// countKey is the key of the counts of a day. SMS count in different rows, by an id,
// so that many at once do not wait for each other.
func countKey(topicID, day, id string) key {
	return key{ownedBy(topicID), countPrefix + day + "#" + strconv.Itoa(number(id))}
}

func flowKey(recipient string) key { return key{"F#" + recipient, "-"} }

// ownedBy is what belongs to a topic or a document.
func ownedBy(id string) string { return "O#" + id }

const attributePrefix = "a#"

func attributeKey(topicID, name string) key { return key{ownedBy(topicID), attributePrefix + name} }

// documents is the directory of an owner's documents of a kind.
func documents(owner, kind string) directory {
	return directory{pk: ownedBy(owner), blocks: "b#" + kind + "#", rows: "d#" + kind + "#", size: 64}
}

func documentKey(k store.DocumentKey) key { return key{ownedBy(k.Owner), "d#" + k.Kind + "#" + k.ID} }

func documentNameKey(owner, kind, name string) key {
	return key{ownedBy(owner), "n#" + kind + "#" + name}
}

// documentMarkKey is where a document was.
func documentMarkKey(k store.DocumentKey) key {
	return key{ownedBy(k.Owner), "x#" + k.Kind + "#" + k.ID}
}

func tagsKey(k store.TagKey) key { return key{"G#" + k.Project + "#" + k.Kind, k.ID} }

const templatePrefix = "t#"

func templateKey(project, id string) key { return key{"P#" + project, templatePrefix + id} }

func templateNameKey(project, name string, p smn.Protocol) key {
	return key{"P#" + project, "n#" + name + "#" + string(p)}
}

func templateCountKey(project string) key { return key{"P#" + project, "c"} }

func versionKey(id string) key { return key{"V#" + id, "-"} }

const (
	smsPrefix     = "m#"
	smsHourPrefix = "h#"
)

func smsPartition(project string) string { return "E#" + project }

func smsKey(project string, accepted time.Time, id string) key {
	return key{smsPartition(project), smsPrefix + digits(accepted.UnixMilli()) + "#" + id}
}

// smsHourKey is the key of the hour that a moment belongs to.
func smsHourKey(project string, at time.Time) key {
	return key{smsPartition(project), smsHourPrefix + digits(at.Truncate(time.Hour).UnixMilli())}
}

func smsPlaceKey(id string) key { return key{"I#" + id, "-"} }

// smsRowKey is the key of an SMS that is where a row says.
func smsRowKey(where row) key { return key{smsPartition(where.str("project")), where.str("row")} }

// digits is a time such that texts sort as times do.
func digits(milliseconds int64) string { return fmt.Sprintf("%013d", milliseconds) }
