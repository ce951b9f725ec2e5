-- SMS to phone numbers, sent without a topic. The long column stands last: a
-- purge and a count read the first ones only.
CREATE TABLE sms (
    key         INTEGER PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    project     TEXT NOT NULL,
    accepted_at INTEGER NOT NULL,
    status      INTEGER NOT NULL,
    finished_at INTEGER NOT NULL, -- the zero time while it is to be sent
    endpoint    TEXT NOT NULL,
    sign_id     TEXT NOT NULL,
    reason      TEXT NOT NULL,
    text        TEXT NOT NULL
) STRICT;
-- The last two columns spare filters and counts the reading of rows.
CREATE INDEX sms_by_project ON sms (project, accepted_at, id, status, sign_id);
CREATE INDEX sms_by_endpoint ON sms (project, endpoint, accepted_at, id);

-- How many SMS topics have delivered, and each chunk's part in it.
ALTER TABLE chunk ADD COLUMN sms INTEGER NOT NULL DEFAULT 0;
CREATE TABLE sms_count (
    topic INTEGER NOT NULL REFERENCES topic,
    hour  INTEGER NOT NULL, -- when it began
    sms   INTEGER NOT NULL,
    PRIMARY KEY (topic, hour)
) STRICT, WITHOUT ROWID;
CREATE INDEX sms_count_by_hour ON sms_count (hour);
