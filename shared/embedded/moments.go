package embedded

import (
	"database/sql"
	"strconv"
)

// The messages of a topic are listed by the moments in which it got some. A busy topic
// has one row for all messages of a moment, where an index would have one for each.

// momentBits is how many bits of a key tell messages of a moment apart: 22 are 64 ms,
// in which a machine takes some 2,000 messages. To list a topic that gets few, where
// others get many, means to look through that many rows for each of its own.
const momentBits = 22

// maxMoments is how many are remembered as written.
const maxMoments = 4096

type topicMoment struct{ topic, at int64 }

func momentOf(topicID string, key int64) topicMoment {
	return topicMoment{topicNumber(topicID), key >> momentBits}
}

const numberDigits = 15

// topicNumber stands for a topic: the first digits of its id. Topics of which these
// are the same are rare; whoever looks compares the id, too.
func topicNumber(id string) int64 {
	n, _ := strconv.ParseInt(id[:min(len(id), numberDigits)], 16, 64) // 0 for what is no id
	return n
}

// putMoment keeps that a topic got a message in a moment.
func (tx *tx) putMoment(m topicMoment) error {
	if _, ok := tx.moments[m]; ok {
		return nil
	}
	if len(tx.moments) >= maxMoments {
		clear(tx.moments)
	}
	_, err := tx.exec(`INSERT INTO topic_moment (topic, moment) VALUES (?, ?) ON CONFLICT DO NOTHING`, m.topic, m.at)
	tx.moments[m] = struct{}{}
	return err
}

// removeMessageRows removes messages by their keys, and the moments that they leave empty.
// It tells how many there were.
func (tx *tx) removeMessageRows(part []oldRow) (gone int, err error) {
	left := make(map[topicMoment]string) // and a topic of each
	err = tx.each(`DELETE FROM message WHERE key`+inRows+` RETURNING key, topic`, argsOf(part, keyOf), func(rows *sql.Rows) error {
		var key int64
		var topic string
		err := rows.Scan(&key, &topic)
		left[momentOf(topic, key)] = topic
		gone++
		return err
	})
	if err != nil {
		return 0, err
	}
	for m, topic := range left {
		delete(tx.moments, m)
		// The digits are those of the number, so that topics that share it share the row.
		if _, err := tx.exec(`DELETE FROM topic_moment WHERE topic = ?1 AND moment = ?2 AND NOT EXISTS
			(SELECT 1 FROM message WHERE key >= ?2 << ?3 AND key < (?2 + 1) << ?3 AND substr(topic, 1, ?4) = substr(?5, 1, ?4))`,
			m.topic, m.at, momentBits, numberDigits, topic); err != nil {
			return 0, err
		}
	}
	return gone, nil
}
