-- What a protocol needs beside the endpoint is more than headers.
ALTER TABLE subscription RENAME COLUMN header TO extension;
UPDATE subscription SET extension = json_object('header', json(extension)) WHERE extension IS NOT NULL;
ALTER TABLE subscription ADD COLUMN subscriber TEXT NOT NULL DEFAULT ''; -- project that added it; empty for the topic's own
ALTER TABLE subscription ADD COLUMN filters TEXT; -- JSON array of filter policies; NULL for none

CREATE TABLE document (
    owner      TEXT NOT NULL,    -- id of a project or topic
    kind       TEXT NOT NULL,
    id         TEXT NOT NULL,
    name       TEXT,             -- NULL for none
    version    INTEGER NOT NULL, -- changes so far
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    body       TEXT NOT NULL,
    PRIMARY KEY (owner, kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX document_by_kind ON document (owner, kind); -- counts without reading bodies
CREATE UNIQUE INDEX document_by_name ON document (owner, kind, name) WHERE name IS NOT NULL;
