-- The key of a message is the first half of its id, as a number, or one of the next few.
-- Ids begin with the time, so keys stay in the order of storing; and no index is needed
-- to find a message by its id.
CREATE TABLE dated_message (
    key           INTEGER PRIMARY KEY,
    id            TEXT NOT NULL,
    accepted_at   INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    project       TEXT NOT NULL,
    topic         TEXT NOT NULL,
    topic_urn     TEXT NOT NULL,
    topic_display TEXT NOT NULL,
    subject       TEXT NOT NULL,
    body          TEXT NOT NULL,
    structure     TEXT, -- this and the next: what a message says, if it is more than its body; NULL for none
    template      TEXT, -- JSON object: versions by protocol, tags
    attributes    TEXT, -- JSON array
    locale        TEXT
) STRICT;
INSERT INTO dated_message
    SELECT message_key(id) + row_number() OVER (PARTITION BY message_key(id) ORDER BY key) - 1,
        id, accepted_at, expires_at, project, topic, topic_urn, topic_display, subject, body, structure, template, attributes, locale
    FROM message WHERE message_key(id) IS NOT NULL;

-- In which moments, of 2^22 keys or 64 ms each, a topic got messages. This is how they
-- are listed: an index of the messages themselves would cost each of them an entry.
CREATE TABLE topic_moment (
    topic  INTEGER NOT NULL, -- the first 15 digits of its id, as a number
    moment INTEGER NOT NULL,
    PRIMARY KEY (topic, moment)
) STRICT, WITHOUT ROWID;
INSERT INTO topic_moment SELECT DISTINCT m.topic_number, d.key >> 22
    FROM dated_message d JOIN message m ON m.id = d.id;

DROP TABLE message;
ALTER TABLE dated_message RENAME TO message;
