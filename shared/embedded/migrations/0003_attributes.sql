CREATE TABLE attribute (
    key        INTEGER PRIMARY KEY,
    topic      TEXT NOT NULL, -- id of the topic
    name       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    value      TEXT NOT NULL,
    UNIQUE (topic, name)
) STRICT;
