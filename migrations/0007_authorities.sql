-- Who a company says its people are: keys that sign OpenSSH certificates, and certificates that are believed no more.

-- One key speaks for one company: `fingerprint` is that of the key in `doc`.
CREATE TABLE authorities (
    id UUID PRIMARY KEY,
    vendor_id UUID NOT NULL,
    fingerprint TEXT NOT NULL UNIQUE,
    doc TEXT NOT NULL
);

-- `kind` is `serial`, `key-id` or `key` (a fingerprint). A certificate that was revoked is never believed again.
CREATE TABLE revoked_certificates (
    vendor_id UUID NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    reason TEXT NOT NULL,
    by_id UUID NOT NULL,
    at_us BIGINT NOT NULL,
    PRIMARY KEY (vendor_id, kind, value)
);
