-- The messages of a topic, the newest first by their keys. The number is made from the
-- first 15 digits of the topic's id: entries of integers are less than half as large,
-- and quicker to compare than texts that begin alike.
ALTER TABLE message ADD COLUMN topic_number INTEGER NOT NULL DEFAULT 0;
WITH RECURSIVE digit (place) AS (SELECT 1 UNION ALL SELECT place + 1 FROM digit WHERE place < 15)
UPDATE message SET topic_number =
    (SELECT sum(instr('123456789abcdef', substr(topic, place, 1)) << (60 - 4 * place)) FROM digit);
CREATE INDEX message_by_topic ON message (topic_number);

-- Dead deliveries by their topic or subscription, then by message: the rows of
-- failure are found by message and subscription, which every index of it ends with.
CREATE INDEX failure_dead_by_topic ON failure (topic) WHERE dead;
CREATE INDEX failure_dead_by_subscription ON failure (topic, subscription) WHERE dead;
DROP INDEX failure_dead;
CREATE INDEX failure_dead ON failure (message, at, dead) WHERE dead; -- with dead in it, to count without the rows
CREATE INDEX failure_died ON failure (at) WHERE dead;

-- The keys of messages that are to be published once. Who publishes and where to is
-- in the key of a row.
CREATE TABLE publish_key (
    key         INTEGER PRIMARY KEY,
    project     TEXT NOT NULL, -- of the publisher
    topic       TEXT NOT NULL,
    name        TEXT NOT NULL, -- the key that the publisher gave
    fingerprint BLOB NOT NULL,
    message     TEXT NOT NULL,
    at          INTEGER NOT NULL,
    UNIQUE (topic, project, name)
) STRICT;
