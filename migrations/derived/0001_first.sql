-- What a desk reads out of recordings: a store of its own, in plain text, that is thrown away and made again at will.
-- One text for SQLite and PostgreSQL; the index of words has a text for each, in broker/store/src/derived/schema.rs.

-- One row for each recording that was read, or could not be. Lines are numbered from slot * 2^20 on, backwards, so that
-- descending numbers are newest visits first, and within a visit in order of time.
CREATE TABLE derived_recordings (
    session_id UUID PRIMARY KEY,
    slot BIGINT NOT NULL UNIQUE,
    person_id UUID NOT NULL,
    target_id UUID NOT NULL,
    began_us BIGINT NOT NULL,
    -- derived, absent, unsound, failed
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    -- C0, and the hash of the seal; none while it is live
    recording BYTEA,
    seal BYTEA,
    -- the file's length when it was read, in bytes
    stored BIGINT NOT NULL,
    capped TEXT NOT NULL,
    lines BIGINT NOT NULL,
    keyframes BIGINT NOT NULL,
    film BYTEA,
    derived_us BIGINT NOT NULL
);
CREATE INDEX derived_recordings_state ON derived_recordings (state, version);

CREATE TABLE derived_keyframes (
    session_id UUID NOT NULL,
    number BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    -- where to read on from: the next block's offset; ordinal, nonce and chain value of the block before it
    file_offset BIGINT NOT NULL,
    ordinal BIGINT NOT NULL,
    nonce BIGINT NOT NULL,
    chain BYTEA NOT NULL,
    stills BYTEA NOT NULL,
    PRIMARY KEY (session_id, number)
);
CREATE INDEX derived_keyframes_time ON derived_keyframes (session_id, at_ms);

CREATE TABLE derived_lines (
    id BIGINT PRIMARY KEY,
    at_ms BIGINT NOT NULL,
    channel BIGINT NOT NULL,
    -- screen, command, command-guess
    seen TEXT NOT NULL,
    line TEXT NOT NULL
);

-- Up to which fact of a kind recordings were read.
CREATE TABLE derived_progress (
    kind TEXT PRIMARY KEY,
    next_number BIGINT NOT NULL
);
