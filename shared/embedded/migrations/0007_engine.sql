-- Leases are kept in memory: what is leased was so by this run of the program. A
-- task that is leased is of no interest to those who look for work.
ALTER TABLE task ADD COLUMN project TEXT NOT NULL DEFAULT '';
ALTER TABLE task ADD COLUMN topic TEXT NOT NULL DEFAULT ''; -- or whatever groups tasks
ALTER TABLE task ADD COLUMN waits_for TEXT; -- NULL for nothing
DROP INDEX task_visible;
CREATE INDEX task_visible ON task (visible_at) WHERE lease = 0;
CREATE INDEX task_by_topic ON task (project, topic, visible_at) WHERE lease = 0;
CREATE INDEX task_waits ON task (waits_for, seq) WHERE waits_for IS NOT NULL;

-- A row of a chunk is written when some of it is delivered, not when it is claimed.
DELETE FROM chunk WHERE matched IS NULL;
ALTER TABLE chunk DROP COLUMN lease;
ALTER TABLE chunk DROP COLUMN holder;
ALTER TABLE chunk DROP COLUMN sms;
ALTER TABLE chunk ADD COLUMN filtered INTEGER NOT NULL DEFAULT 0;
ALTER TABLE chunk ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0; -- found no place yet, in all rounds together
ALTER TABLE chunk ADD COLUMN sent BLOB; -- the places delivered so far; NULL when finished

ALTER TABLE failure ADD COLUMN project TEXT NOT NULL DEFAULT '';
ALTER TABLE failure ADD COLUMN topic TEXT NOT NULL DEFAULT '';
ALTER TABLE failure ADD COLUMN at INTEGER NOT NULL DEFAULT 0;
UPDATE failure SET (project, topic, at) = (SELECT project, topic, accepted_at FROM message WHERE id = failure.message)
    WHERE EXISTS (SELECT 1 FROM message WHERE id = failure.message);

-- Endpoints in trouble.
CREATE TABLE health (
    topic        INTEGER NOT NULL REFERENCES topic,
    seq          INTEGER NOT NULL, -- of the subscription
    subscription TEXT NOT NULL,
    failures     INTEGER NOT NULL,
    since        INTEGER NOT NULL,
    parks        INTEGER NOT NULL,
    parked_until INTEGER NOT NULL,
    status       INTEGER NOT NULL,
    reason       TEXT NOT NULL,
    PRIMARY KEY (topic, seq)
) STRICT, WITHOUT ROWID;

-- Whether anybody receives what is published to a topic.
CREATE INDEX subscription_receives ON subscription (topic) WHERE status IN (1, 2);
