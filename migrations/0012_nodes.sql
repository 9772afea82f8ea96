-- Where each node of the hospital serves its pages: a visit is watched on the node where it lives, and another one says
-- where that is. Written by a node when its door is open.
CREATE TABLE nodes (name TEXT PRIMARY KEY, site TEXT NOT NULL, told_us BIGINT NOT NULL);
