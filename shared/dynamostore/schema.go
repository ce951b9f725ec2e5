package dynamostore

// Keys. A row has its key, what conditions and updates need as attributes of their
// own, and everything else in the attribute v: JSON of an unexported struct next to
// the methods of its noun. Names of attributes and of members are for ever.
//
//	pk              sk         holds                                                  attributes besides v
//	T#project#name  -          a topic                                                id
//	L#project       t#id       a copy of the topic, for lists and for finding by id
//	L#project       tb#id      a block of the directory of these                      n, added, next
//
// Access patterns, with their capacity units for rows of usual size:
//
//	CreateTopic    blocks 1 read, topic 1 read, block 1 read; topic, copy and block in a transaction  3 read, 6 write
//	               and now and then a block is opened                                       4 write in 64
//	GetTopic       topic                                                                    1 read
//
// Ids sort by time, so lists are in the order of ids.

func topicKey(project, name string) key { return key{"T#" + project + "#" + name, "-"} }

func listedTopicKey(project, id string) key { return key{"L#" + project, "t#" + id} }

// topicBlocks is the directory of a project's topics.
func topicBlocks(project string) directory {
	return directory{pk: "L#" + project, blocks: "tb#", rows: "t#", size: 64}
}
