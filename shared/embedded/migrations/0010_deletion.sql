-- Topics that are being deleted belong to this project, until what they leave
-- behind is gone. Its id is none that a project can have.
INSERT INTO project (key, id) VALUES (0, 'deleted');

-- The topic stands in it, so that a list can skip theirs without reading rows.
DROP INDEX subscription_by_project;
CREATE INDEX subscription_by_project ON subscription (project, id, topic);
