-- Sessions, the keys of encrypted logins, and links by which resources are activated. Tables of the control plane, as in
-- 0006: each is looked up before it is known whose it is. Digests are SHA-256.

-- auth_key is what the login was encrypted with, client_id who brought it, if anybody proved that. expires moves on while a session is in use, never beyond until; seen is when it last did, in seconds since 1970.
CREATE TABLE session (
    digest bytea NOT NULL PRIMARY KEY,
    id text COLLATE "C" NOT NULL,
    tenant_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    user_epoch bigint NOT NULL,
    auth_key bigint,
    client_id text COLLATE "C",
    client_epoch bigint,
    scopes text NOT NULL,
    idle bigint NOT NULL,
    started text COLLATE "C" NOT NULL,
    seen bigint NOT NULL,
    expires text COLLATE "C" NOT NULL,
    until text COLLATE "C" NOT NULL
);

CREATE INDEX session_of ON session (tenant_id, id);
CREATE INDEX session_expires ON session (expires);

-- What a client encrypts its logins with: sealed holds key and IV, encrypted by the master key.
CREATE TABLE auth_key (
    id bigint NOT NULL PRIMARY KEY,
    tenant_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    name text NOT NULL,
    scopes text NOT NULL,
    sealed bytea NOT NULL,
    created text COLLATE "C" NOT NULL,
    revoked text COLLATE "C"
);

CREATE INDEX auth_key_of ON auth_key (tenant_id, id);

-- Links by which the person that a resource stands for activates it: one for each resource, the last that was sent.
CREATE TABLE activation (
    tenant_id uuid NOT NULL,
    type smallint NOT NULL,
    resource_id text COLLATE "C" NOT NULL,
    digest bytea NOT NULL UNIQUE,
    created text COLLATE "C" NOT NULL,
    expires text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, type, resource_id)
);

CREATE INDEX activation_expires ON activation (expires);
