-- One text for SQLite and PostgreSQL. Times are microseconds since the Unix epoch (`_us`). Documents (`doc`) are the
-- policy's own types as JSON; the columns beside them are what is looked up.

-- One row: how many facts there are, and the right edge of their tree. Who writes facts locks it.
CREATE TABLE ledger_head (
    id BIGINT PRIMARY KEY,
    size BIGINT NOT NULL,
    frontier BYTEA NOT NULL,
    policy_version BIGINT NOT NULL
);

-- Append-only, and triggers of each engine say so. `body` is the canonical JSON that the leaf commits to: what happened,
-- and the ids of the columns beside it, which are there to look it up. Retention may clear `body` and `salt`; a leaf
-- stays for ever.
CREATE TABLE facts (
    number BIGINT PRIMARY KEY,
    at_us BIGINT NOT NULL,
    kind TEXT NOT NULL,
    node TEXT NOT NULL,
    person_id UUID,
    vendor_id UUID,
    target_id UUID,
    window_id UUID,
    session_id UUID,
    attempt_id UUID,
    tags BYTEA NOT NULL,
    salt BYTEA,
    body TEXT,
    body_hash BYTEA NOT NULL,
    leaf_hash BYTEA NOT NULL
);
CREATE INDEX facts_by_time ON facts (at_us);
CREATE INDEX facts_by_kind ON facts (kind, number);
CREATE INDEX facts_by_session ON facts (session_id, number);

CREATE TABLE checkpoints (
    size BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    node TEXT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (size, at_us, node)
);

CREATE TABLE people (id UUID PRIMARY KEY, login TEXT NOT NULL UNIQUE, doc TEXT NOT NULL);
CREATE TABLE vendors (id UUID PRIMARY KEY, name TEXT NOT NULL UNIQUE, doc TEXT NOT NULL);
CREATE TABLE targets (id UUID PRIMARY KEY, name TEXT NOT NULL UNIQUE, tag_key BYTEA NOT NULL, doc TEXT NOT NULL);
CREATE TABLE windows (
    id UUID PRIMARY KEY,
    opens_us BIGINT NOT NULL,
    closes_us BIGINT NOT NULL,
    state TEXT NOT NULL,
    doc TEXT NOT NULL
);
CREATE INDEX windows_by_end ON windows (closes_us);
CREATE TABLE freezes (id UUID PRIMARY KEY, until_us BIGINT NOT NULL, doc TEXT NOT NULL);
CREATE TABLE locks (id UUID PRIMARY KEY, doc TEXT NOT NULL);

-- Sealed by the vault; worthless without its key.
CREATE TABLE secrets (
    target_id UUID NOT NULL,
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (target_id, account)
);

CREATE TABLE sessions (
    id UUID PRIMARY KEY,
    attempt_id UUID NOT NULL,
    person_id UUID NOT NULL,
    target_id UUID NOT NULL,
    window_id UUID NOT NULL,
    account TEXT,
    protocol TEXT NOT NULL,
    source TEXT NOT NULL,
    node TEXT NOT NULL,
    admitted_us BIGINT NOT NULL,
    started_us BIGINT,
    ended_us BIGINT,
    end_reason TEXT,
    recording TEXT NOT NULL,
    seal TEXT
);
CREATE INDEX sessions_by_time ON sessions (admitted_us);
CREATE INDEX sessions_open ON sessions (node, ended_us);

CREATE TABLE alerts (
    id UUID PRIMARY KEY,
    group_key TEXT NOT NULL,
    rule TEXT NOT NULL,
    severity TEXT NOT NULL,
    state TEXT NOT NULL,
    title TEXT NOT NULL,
    first_us BIGINT NOT NULL,
    last_us BIGINT NOT NULL,
    told_us BIGINT NOT NULL,
    count BIGINT NOT NULL,
    content TEXT NOT NULL,
    acknowledged_by UUID,
    closed_by UUID,
    disposition TEXT,
    note TEXT
);
CREATE INDEX alerts_by_group ON alerts (group_key, state);
CREATE INDEX alerts_by_time ON alerts (last_us);

CREATE TABLE destinations (
    id UUID PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    address TEXT NOT NULL,
    events TEXT NOT NULL,
    secret BYTEA,
    enabled BOOLEAN NOT NULL,
    next_sequence BIGINT NOT NULL
);

CREATE TABLE outbox (
    destination_id UUID NOT NULL,
    sequence BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    event TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    next_try_us BIGINT NOT NULL,
    delivered_us BIGINT,
    PRIMARY KEY (destination_id, sequence)
);
CREATE INDEX outbox_due ON outbox (destination_id, delivered_us, sequence);
