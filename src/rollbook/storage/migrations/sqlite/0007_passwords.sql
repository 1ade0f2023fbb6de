-- Passwords of resources, as argon2id hashes: only of tenants that store them. Nothing logs in with one; those who log in
-- are in account.

CREATE TABLE password (
    tenant_id TEXT NOT NULL,
    type INTEGER NOT NULL,
    id TEXT NOT NULL,
    hash TEXT NOT NULL,
    changed TEXT NOT NULL,
    PRIMARY KEY (tenant_id, type, id)
) STRICT, WITHOUT ROWID;
