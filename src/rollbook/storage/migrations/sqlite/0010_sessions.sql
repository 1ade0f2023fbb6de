-- Sessions, the keys of encrypted logins, and links by which resources are activated. Tables of the control plane, as in
-- 0006: each is looked up before it is known whose it is. Digests are SHA-256.

-- auth_key is what the login was encrypted with, client_id who brought it, if anybody proved that. expires moves on while a session is in use, never beyond until; seen is when it last did, in seconds since 1970.
CREATE TABLE session (
    digest BLOB NOT NULL PRIMARY KEY,
    id TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    user_epoch INTEGER NOT NULL,
    auth_key INTEGER,
    client_id TEXT,
    client_epoch INTEGER,
    scopes TEXT NOT NULL,
    idle INTEGER NOT NULL,
    started TEXT NOT NULL,
    seen INTEGER NOT NULL,
    expires TEXT NOT NULL,
    until TEXT NOT NULL
) STRICT;

CREATE INDEX session_of ON session (tenant_id, id);
CREATE INDEX session_expires ON session (expires);

-- What a client encrypts its logins with: sealed holds key and IV, encrypted by the master key.
CREATE TABLE auth_key (
    id INTEGER NOT NULL PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    sealed BLOB NOT NULL,
    created TEXT NOT NULL,
    revoked TEXT
) STRICT;

CREATE INDEX auth_key_of ON auth_key (tenant_id, id);

-- Links by which the person that a resource stands for activates it: one for each resource, the last that was sent.
CREATE TABLE activation (
    tenant_id TEXT NOT NULL,
    type INTEGER NOT NULL,
    resource_id TEXT NOT NULL,
    digest BLOB NOT NULL UNIQUE,
    created TEXT NOT NULL,
    expires TEXT NOT NULL,
    PRIMARY KEY (tenant_id, type, resource_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX activation_expires ON activation (expires);
