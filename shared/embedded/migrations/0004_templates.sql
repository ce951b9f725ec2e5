CREATE TABLE template (
    key        INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    project    TEXT NOT NULL,
    name       TEXT NOT NULL,
    protocol   TEXT NOT NULL,
    tag_names  TEXT NOT NULL, -- JSON array
    version    TEXT NOT NULL, -- id of the one that is used now
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (project, name, protocol)
) STRICT;
CREATE UNIQUE INDEX template_by_project ON template (project, id);

-- Versions never change; messages refer to them.
CREATE TABLE template_version (
    key        INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    retired_at INTEGER, -- since when no new message refers to it; NULL while it is used
    content    TEXT NOT NULL
) STRICT;
CREATE INDEX template_version_retired ON template_version (retired_at) WHERE retired_at IS NOT NULL;

-- What a message says, if it is more than its body. NULL for none.
ALTER TABLE message ADD COLUMN structure TEXT;
ALTER TABLE message ADD COLUMN template TEXT;   -- JSON object: versions by protocol, tags
ALTER TABLE message ADD COLUMN attributes TEXT; -- JSON array
ALTER TABLE message ADD COLUMN locale TEXT;
