-- Who may ask for tokens, and what was given. Tables of the control plane: a client may serve several tenants, and a
-- credential is looked up before it is known whose it is. Lists are texts with spaces between; digests are SHA-256.

CREATE TABLE client (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    name text NOT NULL,
    method text NOT NULL,
    grants text NOT NULL,
    scopes text NOT NULL,
    tokens text NOT NULL,
    session_seconds bigint,
    resource_server smallint NOT NULL,
    jwks text,
    jwks_uri text,
    algorithms text NOT NULL,
    status text NOT NULL,
    epoch bigint NOT NULL,
    created text COLLATE "C" NOT NULL
);

-- Two live at most: the newer one, and the one before until it expires.
CREATE TABLE client_secret (
    client_id text COLLATE "C" NOT NULL,
    digest bytea NOT NULL,
    hint text NOT NULL,
    created text COLLATE "C" NOT NULL,
    expires text COLLATE "C",
    PRIMARY KEY (client_id, digest)
);

-- A client gets nothing in a tenant without a row here.
CREATE TABLE client_tenant (
    tenant_id uuid NOT NULL,
    client_id text COLLATE "C" NOT NULL,
    connection_id uuid NOT NULL,
    scopes text NOT NULL,
    created text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, client_id)
);

CREATE INDEX client_tenant_of ON client_tenant (client_id, tenant_id);

-- The system users (a word that PostgreSQL keeps for itself).
CREATE TABLE account (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    name_key text COLLATE "C" NOT NULL UNIQUE,
    kind text NOT NULL,
    email text NOT NULL,
    password text,
    status text NOT NULL,
    epoch bigint NOT NULL,
    created text COLLATE "C" NOT NULL
);

CREATE INDEX account_of ON account (tenant_id, name_key);

-- All refresh tokens that follow from one login. Its row is what rotation locks.
CREATE TABLE token_family (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    tenant_id uuid NOT NULL,
    client_id text COLLATE "C" NOT NULL,
    user_id text COLLATE "C",
    scopes text NOT NULL,
    asked text NOT NULL,
    audience text NOT NULL,
    client_epoch bigint NOT NULL,
    user_epoch bigint NOT NULL,
    started text COLLATE "C" NOT NULL,
    until text COLLATE "C",
    expires text COLLATE "C" NOT NULL,
    revoked text COLLATE "C"
);

CREATE INDEX token_family_of ON token_family (tenant_id, id);
CREATE INDEX token_family_expires ON token_family (expires);

CREATE TABLE refresh_token (
    digest bytea NOT NULL PRIMARY KEY,
    family_id text COLLATE "C" NOT NULL,
    issued text COLLATE "C" NOT NULL,
    expires text COLLATE "C" NOT NULL,
    used text COLLATE "C",
    successor bytea,
    revoked text COLLATE "C",
    cnf text
);

CREATE INDEX refresh_token_of ON refresh_token (family_id);
CREATE INDEX refresh_token_expires ON refresh_token (expires);

-- Access tokens of clients that have opaque ones.
CREATE TABLE access_token (
    digest bytea NOT NULL PRIMARY KEY,
    id text COLLATE "C" NOT NULL,
    tenant_id uuid NOT NULL,
    client_id text COLLATE "C" NOT NULL,
    user_id text COLLATE "C",
    family_id text COLLATE "C",
    scopes text NOT NULL,
    audience text NOT NULL,
    client_epoch bigint NOT NULL,
    user_epoch bigint NOT NULL,
    issued bigint NOT NULL,
    expires bigint NOT NULL,
    cnf text
);

CREATE INDEX access_token_of ON access_token (tenant_id);
CREATE INDEX access_token_expires ON access_token (expires);

-- Access tokens that were revoked before they expire, by their jti.
CREATE TABLE access_revocation (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    expires bigint NOT NULL
);

CREATE INDEX access_revocation_expires ON access_revocation (expires);

-- The private half is encrypted, and gone once the key signs no more. slot holds one 'active' and one 'next' at most.
CREATE TABLE signing_key (
    kid text COLLATE "C" NOT NULL PRIMARY KEY,
    algorithm text NOT NULL,
    public text NOT NULL,
    private bytea,
    state text NOT NULL,
    slot text UNIQUE,
    created text COLLATE "C" NOT NULL,
    until text COLLATE "C"
);

-- The jti of client assertions, each good for one use.
CREATE TABLE used_assertion (
    client_id text COLLATE "C" NOT NULL,
    jti text COLLATE "C" NOT NULL,
    expires bigint NOT NULL,
    PRIMARY KEY (client_id, jti)
);

CREATE INDEX used_assertion_expires ON used_assertion (expires);

-- Failed logins, by what is counted: a user at an address, a user, a client, an address. Only digests of these are kept.
-- last is in milliseconds since 1970, good (the last success, 0 for none) and expires in seconds.
CREATE TABLE login_failure (
    key bytea NOT NULL PRIMARY KEY,
    failures bigint NOT NULL,
    last bigint NOT NULL,
    good bigint NOT NULL,
    expires bigint NOT NULL
);

CREATE INDEX login_failure_expires ON login_failure (expires);

-- Links by which system users set their passwords, each good for one use. A used one is gone.
CREATE TABLE invitation (
    digest bytea NOT NULL PRIMARY KEY,
    tenant_id uuid NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    created text COLLATE "C" NOT NULL,
    expires text COLLATE "C" NOT NULL
);

CREATE INDEX invitation_of ON invitation (tenant_id, user_id);
CREATE INDEX invitation_expires ON invitation (expires);

-- What is to be sent to people, written in the transaction of what it tells of. The content is encrypted, and gone once
-- it is sent. due is when it is tried next: whoever moves it on, sends it.
CREATE TABLE letter (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    tenant_id uuid,
    about text COLLATE "C" NOT NULL,
    channel text NOT NULL,
    recipient text NOT NULL,
    kind text NOT NULL,
    content bytea,
    state text NOT NULL,
    attempts bigint NOT NULL,
    due text COLLATE "C" NOT NULL,
    reason text NOT NULL,
    created text COLLATE "C" NOT NULL,
    expires text COLLATE "C" NOT NULL
);

CREATE INDEX letter_of ON letter (tenant_id, about);
CREATE INDEX letter_due ON letter (state, due);
CREATE INDEX letter_expires ON letter (expires);

-- Whose tokens a tenant takes beside ours. claims is an object of what else they have to say.
CREATE TABLE external_issuer (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    tenant_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    issuer text NOT NULL,
    audience text NOT NULL,
    jwks_uri text NOT NULL,
    algorithms text NOT NULL,
    scopes text NOT NULL,
    claims text NOT NULL,
    created text COLLATE "C" NOT NULL
);

CREATE INDEX external_issuer_of ON external_issuer (tenant_id, id);
CREATE INDEX external_issuer_named ON external_issuer (issuer);
