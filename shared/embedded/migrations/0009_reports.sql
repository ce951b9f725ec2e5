-- The messages of a topic, the newest first by their keys.
CREATE INDEX message_by_topic ON message (topic);

-- Dead deliveries by their topic or subscription, then by message: the rows of
-- failure are found by message and subscription, which every index of it ends with.
CREATE INDEX failure_dead_by_topic ON failure (topic) WHERE dead;
CREATE INDEX failure_dead_by_subscription ON failure (topic, subscription) WHERE dead;
DROP INDEX failure_dead;
CREATE INDEX failure_dead ON failure (message, at) WHERE dead;

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
