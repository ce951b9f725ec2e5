// Package mns is the wire of Alibaba MNS, version 2015-06-06, as far as topics go: its
// XML, its signatures, its spelling of ids, and what an endpoint receives. It asks
// nobody and answers nobody: the door is in mns/door, the sender of notifications in
// deliver/mnspush.
package mns
