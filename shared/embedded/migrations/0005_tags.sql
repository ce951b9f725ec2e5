CREATE TABLE tag (
    project  TEXT NOT NULL, -- its id
    kind     TEXT NOT NULL, -- topic, or the kind of a document
    resource TEXT NOT NULL, -- id of the topic or document
    key      TEXT NOT NULL,
    value    TEXT NOT NULL,
    PRIMARY KEY (project, kind, resource, key)
) STRICT, WITHOUT ROWID;
