-- Subscriptions can have a name, which identifies them instead of their endpoint.
CREATE TABLE named_subscription (
    key        INTEGER PRIMARY KEY,
    project    INTEGER NOT NULL REFERENCES project,
    topic      INTEGER NOT NULL REFERENCES topic,
    id         TEXT NOT NULL,
    seq        INTEGER NOT NULL,
    protocol   TEXT NOT NULL,
    endpoint   TEXT NOT NULL,
    remark     TEXT NOT NULL,
    extension  TEXT, -- JSON object; NULL for none
    status     INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    subscriber TEXT NOT NULL DEFAULT '', -- project that added it; empty for the topic's own
    filters    TEXT, -- JSON array of filter policies; NULL for none
    name       TEXT, -- NULL for none; and of those that have one:
    style      TEXT, -- JSON object
    styled_at  INTEGER -- NULL: when it was added
) STRICT;
INSERT INTO named_subscription (key, project, topic, id, seq, protocol, endpoint, remark, extension, status, version, created_at, subscriber, filters)
    SELECT key, project, topic, id, seq, protocol, endpoint, remark, extension, status, version, created_at, subscriber, filters
    FROM subscription;
DROP TABLE subscription;
ALTER TABLE named_subscription RENAME TO subscription;
CREATE UNIQUE INDEX subscription_by_topic ON subscription (topic, id);
CREATE UNIQUE INDEX subscription_by_seq ON subscription (topic, seq);
CREATE INDEX subscription_by_project ON subscription (project, id, topic);
CREATE INDEX subscription_receives ON subscription (topic) WHERE status IN (1, 2);
CREATE UNIQUE INDEX subscription_by_endpoint ON subscription (topic, protocol, endpoint) WHERE name IS NULL;
CREATE UNIQUE INDEX subscription_by_name ON subscription (topic, name) WHERE name IS NOT NULL;

ALTER TABLE topic ADD COLUMN max_message INTEGER NOT NULL DEFAULT 0; -- bytes; 0: as many as all topics take
ALTER TABLE topic ADD COLUMN logging INTEGER NOT NULL DEFAULT 0;
ALTER TABLE message ADD COLUMN tag TEXT; -- NULL for none
