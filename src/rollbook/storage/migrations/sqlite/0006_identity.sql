-- Who may ask for tokens, and what was given. Tables of the control plane: a client may serve several tenants, and a
-- credential is looked up before it is known whose it is. Lists are texts with spaces between; digests are SHA-256.

CREATE TABLE client (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    method TEXT NOT NULL,
    grants TEXT NOT NULL,
    scopes TEXT NOT NULL,
    tokens TEXT NOT NULL,
    session_seconds INTEGER,
    resource_server INTEGER NOT NULL,
    jwks TEXT,
    status TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    created TEXT NOT NULL
) STRICT;

-- Two live at most: the newer one, and the one before until it expires.
CREATE TABLE client_secret (
    client_id TEXT NOT NULL,
    digest BLOB NOT NULL,
    hint TEXT NOT NULL,
    created TEXT NOT NULL,
    expires TEXT,
    PRIMARY KEY (client_id, digest)
) STRICT, WITHOUT ROWID;

-- A client gets nothing in a tenant without a row here.
CREATE TABLE client_tenant (
    tenant_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created TEXT NOT NULL,
    PRIMARY KEY (tenant_id, client_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX client_tenant_of ON client_tenant (client_id, tenant_id);

-- The system users (a word that PostgreSQL keeps for itself).
CREATE TABLE account (
    id TEXT NOT NULL PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    email TEXT NOT NULL,
    password TEXT,
    status TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    created TEXT NOT NULL
) STRICT;

CREATE INDEX account_of ON account (tenant_id, name_key);

-- All refresh tokens that follow from one login. Its row is what rotation locks.
CREATE TABLE token_family (
    id TEXT NOT NULL PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    user_id TEXT,
    scopes TEXT NOT NULL,
    asked TEXT NOT NULL,
    audience TEXT NOT NULL,
    client_epoch INTEGER NOT NULL,
    user_epoch INTEGER NOT NULL,
    started TEXT NOT NULL,
    until TEXT,
    expires TEXT NOT NULL,
    revoked TEXT
) STRICT;

CREATE INDEX token_family_of ON token_family (tenant_id, id);
CREATE INDEX token_family_expires ON token_family (expires);

CREATE TABLE refresh_token (
    digest BLOB NOT NULL PRIMARY KEY,
    family_id TEXT NOT NULL,
    issued TEXT NOT NULL,
    expires TEXT NOT NULL,
    used TEXT,
    successor BLOB,
    revoked TEXT,
    cnf TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX refresh_token_of ON refresh_token (family_id);
CREATE INDEX refresh_token_expires ON refresh_token (expires);

-- Access tokens of clients that have opaque ones.
CREATE TABLE access_token (
    digest BLOB NOT NULL PRIMARY KEY,
    id TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    user_id TEXT,
    family_id TEXT,
    scopes TEXT NOT NULL,
    audience TEXT NOT NULL,
    client_epoch INTEGER NOT NULL,
    user_epoch INTEGER NOT NULL,
    issued INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    cnf TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX access_token_of ON access_token (tenant_id);
CREATE INDEX access_token_expires ON access_token (expires);

-- Access tokens that were revoked before they expire, by their jti.
CREATE TABLE access_revocation (
    id TEXT NOT NULL PRIMARY KEY,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX access_revocation_expires ON access_revocation (expires);

-- The private half is encrypted, and gone once the key signs no more. slot holds one 'active' and one 'next' at most.
CREATE TABLE signing_key (
    kid TEXT NOT NULL PRIMARY KEY,
    algorithm TEXT NOT NULL,
    public TEXT NOT NULL,
    private BLOB,
    state TEXT NOT NULL,
    slot TEXT UNIQUE,
    created TEXT NOT NULL,
    until TEXT
) STRICT;

-- The jti of client assertions, each good for one use.
CREATE TABLE used_assertion (
    client_id TEXT NOT NULL,
    jti TEXT NOT NULL,
    expires INTEGER NOT NULL,
    PRIMARY KEY (client_id, jti)
) STRICT, WITHOUT ROWID;

CREATE INDEX used_assertion_expires ON used_assertion (expires);
