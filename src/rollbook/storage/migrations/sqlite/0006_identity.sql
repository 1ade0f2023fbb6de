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
    jwks_uri TEXT,
    algorithms TEXT NOT NULL,
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

-- Failed logins, by what is counted: a user at an address, a user, a client, an address. Only digests of these are kept.
-- last is in milliseconds since 1970, good (the last success, 0 for none) and expires in seconds.
CREATE TABLE login_failure (
    key BLOB NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    last INTEGER NOT NULL,
    good INTEGER NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX login_failure_expires ON login_failure (expires);

-- Links by which system users set their passwords, each good for one use. A used one is gone.
CREATE TABLE invitation (
    digest BLOB NOT NULL PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    created TEXT NOT NULL,
    expires TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX invitation_of ON invitation (tenant_id, user_id);
CREATE INDEX invitation_expires ON invitation (expires);

-- What is to be sent to people, written in the transaction of what it tells of. The content is encrypted, and gone once
-- it is sent. due is when it is tried next: whoever moves it on, sends it.
CREATE TABLE letter (
    id TEXT NOT NULL PRIMARY KEY,
    tenant_id TEXT,
    about TEXT NOT NULL,
    channel TEXT NOT NULL,
    recipient TEXT NOT NULL,
    kind TEXT NOT NULL,
    content BLOB,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    due TEXT NOT NULL,
    reason TEXT NOT NULL,
    created TEXT NOT NULL,
    expires TEXT NOT NULL
) STRICT;

CREATE INDEX letter_of ON letter (tenant_id, about);
CREATE INDEX letter_due ON letter (state, due);
CREATE INDEX letter_expires ON letter (expires);

-- Whose tokens a tenant takes beside ours. claims is an object of what else they have to say.
CREATE TABLE external_issuer (
    id TEXT NOT NULL PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    issuer TEXT NOT NULL,
    audience TEXT NOT NULL,
    jwks_uri TEXT NOT NULL,
    algorithms TEXT NOT NULL,
    scopes TEXT NOT NULL,
    claims TEXT NOT NULL,
    created TEXT NOT NULL
) STRICT;

CREATE INDEX external_issuer_of ON external_issuer (tenant_id, id);
CREATE INDEX external_issuer_named ON external_issuer (issuer);
