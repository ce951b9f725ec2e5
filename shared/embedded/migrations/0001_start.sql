-- Times are microseconds of Unix time. Integer keys are in commit order, so that
-- inserts land at the end of a table; the ids by which the world knows a row are
-- columns beside them.

CREATE TABLE project (
    key           INTEGER PRIMARY KEY,
    id            TEXT NOT NULL UNIQUE,
    topics        INTEGER NOT NULL DEFAULT 0, -- how many there are
    subscriptions INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE topic (
    key                INTEGER PRIMARY KEY,
    id                 TEXT NOT NULL UNIQUE,
    project            INTEGER NOT NULL REFERENCES project,
    name               TEXT NOT NULL,
    display_name       TEXT NOT NULL,
    enterprise_project TEXT NOT NULL,
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL,
    subscriptions      INTEGER NOT NULL DEFAULT 0, -- how many there are
    next_seq           INTEGER NOT NULL DEFAULT 0, -- place of the next one; never goes back
    UNIQUE (project, name)
) STRICT;
CREATE UNIQUE INDEX topic_by_id ON topic (project, id);

CREATE TABLE subscription (
    key        INTEGER PRIMARY KEY,
    project    INTEGER NOT NULL REFERENCES project,
    topic      INTEGER NOT NULL REFERENCES topic,
    id         TEXT NOT NULL,
    seq        INTEGER NOT NULL,
    protocol   TEXT NOT NULL,
    endpoint   TEXT NOT NULL,
    remark     TEXT NOT NULL,
    header     TEXT, -- JSON object; NULL for none
    status     INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (topic, protocol, endpoint)
) STRICT;
CREATE UNIQUE INDEX subscription_by_project ON subscription (project, id);
CREATE UNIQUE INDEX subscription_by_topic ON subscription (topic, id);
CREATE UNIQUE INDEX subscription_by_seq ON subscription (topic, seq);

-- The long columns stand last: a purge reads the first ones only.
CREATE TABLE message (
    key           INTEGER PRIMARY KEY,
    id            TEXT NOT NULL UNIQUE,
    accepted_at   INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    project       TEXT NOT NULL,
    topic         TEXT NOT NULL,
    topic_urn     TEXT NOT NULL,
    topic_display TEXT NOT NULL,
    subject       TEXT NOT NULL,
    body          TEXT NOT NULL
) STRICT;

CREATE TABLE chunk (
    message TEXT NOT NULL,
    chunk   INTEGER NOT NULL,
    lease   INTEGER NOT NULL, -- until when
    holder  INTEGER NOT NULL, -- run of the program that took the lease; void in any other
    matched INTEGER,          -- NULL until finished
    PRIMARY KEY (message, chunk)
) STRICT, WITHOUT ROWID;

CREATE TABLE failure (
    message      TEXT NOT NULL,
    subscription TEXT NOT NULL,
    attempts     INTEGER NOT NULL,
    dead         INTEGER NOT NULL,
    next_at      INTEGER NOT NULL,
    status       INTEGER NOT NULL,
    reason       TEXT NOT NULL,
    PRIMARY KEY (message, subscription)
) STRICT, WITHOUT ROWID;
CREATE INDEX failure_dead ON failure (message) WHERE dead;

CREATE TABLE task (
    seq        INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    visible_at INTEGER NOT NULL,           -- due, or end of the lease
    lease      INTEGER NOT NULL DEFAULT 0, -- number of the hand-out; 0 when nobody has it
    received   INTEGER NOT NULL DEFAULT 0,
    body       TEXT NOT NULL               -- the task as JSON
) STRICT;
CREATE INDEX task_visible ON task (visible_at);

CREATE TABLE mail (
    key             INTEGER PRIMARY KEY,
    id              TEXT NOT NULL UNIQUE,
    protocol        TEXT NOT NULL,
    recipient       TEXT NOT NULL,
    from_name       TEXT NOT NULL,
    subject         TEXT NOT NULL,
    text            TEXT NOT NULL,
    subscribe_url   TEXT NOT NULL,
    unsubscribe_url TEXT NOT NULL,
    topic_urn       TEXT NOT NULL,
    message         TEXT NOT NULL,
    created_at      INTEGER NOT NULL
) STRICT;
