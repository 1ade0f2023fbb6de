-- The first schema. Ids and times are text; keys and search forms are folded before they come here, so every comparison
-- is SQLite's own (BINARY: code point by code point). The tenant leads every key.

CREATE TABLE rollbook_schema (
    version INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    applied TEXT NOT NULL
) STRICT;

CREATE TABLE tenant (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    dialect TEXT NOT NULL,
    status TEXT NOT NULL,
    created TEXT NOT NULL
) STRICT;

CREATE TABLE connection (
    tenant_id TEXT NOT NULL REFERENCES tenant (id),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    created TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE token (
    id TEXT NOT NULL PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenant (id),
    connection_id TEXT NOT NULL,
    name TEXT NOT NULL,
    digest BLOB NOT NULL UNIQUE,
    hint TEXT NOT NULL,
    created TEXT NOT NULL,
    expires TEXT,
    revoked TEXT
) STRICT;

CREATE INDEX token_of_tenant ON token (tenant_id, created, id);

-- A table with rowids: documents are large, and keys that lead to a rowid keep every index small and dense.
CREATE TABLE resource (
    tenant_id TEXT NOT NULL,
    type INTEGER NOT NULL,
    id TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    unique_key TEXT,
    external_id TEXT,
    display TEXT,
    display_key TEXT,
    version INTEGER NOT NULL,
    created TEXT NOT NULL,
    last_modified TEXT NOT NULL,
    document TEXT NOT NULL,
    search BLOB NOT NULL,
    PRIMARY KEY (tenant_id, type, id)
) STRICT;

CREATE UNIQUE INDEX resource_key ON resource (tenant_id, type, unique_key);
CREATE UNIQUE INDEX resource_external_id ON resource (tenant_id, type, external_id, connection_id);
CREATE INDEX resource_last_modified ON resource (tenant_id, type, last_modified, id);

CREATE TABLE member (
    tenant_id TEXT NOT NULL,
    group_id TEXT NOT NULL,
    member_id TEXT NOT NULL,
    member_type INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, group_id, member_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX member_of ON member (tenant_id, member_id, group_id);

CREATE TABLE attribute_index (
    tenant_id TEXT NOT NULL,
    type INTEGER NOT NULL,
    path INTEGER NOT NULL,
    value TEXT NOT NULL,
    id TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, type, path, value, id, ordinal)
) STRICT, WITHOUT ROWID;

CREATE INDEX attribute_index_of ON attribute_index (tenant_id, type, id);

CREATE TABLE event (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    peer TEXT NOT NULL,
    request TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    resource TEXT NOT NULL,
    status INTEGER NOT NULL,
    scim_type TEXT NOT NULL,
    attributes TEXT NOT NULL,
    tolerances TEXT NOT NULL,
    repeats INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX event_at ON event (tenant_id, at, id);
