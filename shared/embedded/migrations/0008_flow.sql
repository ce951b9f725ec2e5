-- How many messages recipients got lately, in each window that bounds them.
CREATE TABLE flow (
    recipient TEXT NOT NULL,    -- key of the limit
    place     INTEGER NOT NULL, -- of the window among those of the limit
    messages  INTEGER NOT NULL,
    until     INTEGER NOT NULL, -- when the window ends
    PRIMARY KEY (recipient, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX flow_by_end ON flow (until);
