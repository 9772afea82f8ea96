-- Files that technicians send ahead of a visit: what is known of each. Their bytes wait, sealed, in the stage of the node
-- that took them; a refused, withdrawn or discarded one has no bytes any more, and stays so that it can be told.
-- `scanned_us` is when a scanner last found nothing in it; `found` is what it found instead.
CREATE TABLE sent_files (
    id UUID PRIMARY KEY,
    window_id UUID NOT NULL,
    name TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    state TEXT NOT NULL,
    found TEXT,
    scanner TEXT NOT NULL,
    node TEXT NOT NULL,
    sent_by UUID NOT NULL,
    sent_us BIGINT NOT NULL,
    scanned_us BIGINT,
    released_us BIGINT,
    released_to TEXT
);
CREATE INDEX sent_files_by_window ON sent_files (window_id, sent_us);
CREATE INDEX sent_files_by_node ON sent_files (node, state);
