-- How targets are told from impostors, and keys of the gate that all of its nodes share.

-- Host keys, and authorities over host keys, that somebody or the gate itself proposes for a target. Pinned ones stand in
-- the target's own document; what became of each proposal stays here, and which pinned keys were retired. `by_id` is empty while
-- the gate alone proposes it.
CREATE TABLE host_key_proposals (
    id UUID PRIMARY KEY,
    target_id UUID NOT NULL,
    is_authority BOOLEAN NOT NULL,
    line TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    origin TEXT NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL,
    by_id UUID,
    at_us BIGINT NOT NULL,
    answered_by UUID,
    answered_us BIGINT
);
CREATE INDEX host_key_proposals_by_target ON host_key_proposals (target_id, state);

-- Keys that the gate signs with for its targets: sealed by the vault, worthless without its key.
CREATE TABLE gate_keys (
    name TEXT PRIMARY KEY,
    public TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    made_us BIGINT NOT NULL
);
