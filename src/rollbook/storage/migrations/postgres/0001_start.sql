-- The first schema. Times are texts of fixed width; keys and search forms are folded before they come here, so texts are
-- compared code point by code point (COLLATE "C"). The tenant leads every key, so that the tables can be spread by it.
-- No unique index is partial, none spans tenants but for the control tables (tenant, token).

CREATE TABLE rollbook_schema (
    version int NOT NULL PRIMARY KEY,
    name text NOT NULL,
    applied text NOT NULL
);

CREATE TABLE tenant (
    id uuid NOT NULL PRIMARY KEY,
    name text NOT NULL,
    name_key text COLLATE "C" NOT NULL,
    dialect text NOT NULL,
    status text NOT NULL,
    created text COLLATE "C" NOT NULL
);

CREATE UNIQUE INDEX tenant_name ON tenant (name_key);

CREATE TABLE connection (
    tenant_id uuid NOT NULL REFERENCES tenant (id),
    id uuid NOT NULL,
    name text COLLATE "C" NOT NULL,
    created text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE UNIQUE INDEX connection_name ON connection (tenant_id, name);

CREATE TABLE token (
    id uuid NOT NULL PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenant (id),
    connection_id uuid NOT NULL,
    name text NOT NULL,
    digest bytea NOT NULL,
    hint text NOT NULL,
    created text COLLATE "C" NOT NULL,
    expires text COLLATE "C",
    revoked text COLLATE "C"
);

CREATE UNIQUE INDEX token_digest ON token (digest);
CREATE INDEX token_of_tenant ON token (tenant_id, created, id);

CREATE TABLE resource (
    tenant_id uuid NOT NULL,
    type smallint NOT NULL,
    id uuid NOT NULL,
    connection_id uuid NOT NULL,
    unique_key text COLLATE "C",
    external_id text COLLATE "C",
    display text,
    display_key text COLLATE "C",
    version bigint NOT NULL,
    created text COLLATE "C" NOT NULL,
    last_modified text COLLATE "C" NOT NULL,
    document text NOT NULL,
    search jsonb NOT NULL
);

-- Most rows are 2 to 4 kB: they stay in one piece and plain, which takes a third less of the server's time than packing
-- and unpacking them. What is longer is packed.
ALTER TABLE resource SET (toast_tuple_target = 4080);

-- Of indexes that seem alike, and on an empty table all do, the planner takes the one that was made last; so what names
-- single rows comes last.
CREATE INDEX resource_last_modified ON resource (tenant_id, type, last_modified, id);
CREATE UNIQUE INDEX resource_external_id ON resource (tenant_id, type, external_id, connection_id);
CREATE UNIQUE INDEX resource_key ON resource (tenant_id, type, unique_key);
ALTER TABLE resource ADD CONSTRAINT resource_pkey PRIMARY KEY (tenant_id, type, id);

CREATE TABLE member (
    tenant_id uuid NOT NULL,
    group_id uuid NOT NULL,
    member_id uuid NOT NULL,
    member_type smallint NOT NULL,
    PRIMARY KEY (tenant_id, group_id, member_id)
);

CREATE INDEX member_of ON member (tenant_id, member_id, group_id);

CREATE TABLE attribute_index (
    tenant_id uuid NOT NULL,
    type smallint NOT NULL,
    path smallint NOT NULL,
    value text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    ordinal smallint NOT NULL,
    PRIMARY KEY (tenant_id, type, path, value, id, ordinal)
);

CREATE INDEX attribute_index_of ON attribute_index (tenant_id, type, id);

CREATE TABLE event (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    at text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    actor text NOT NULL,
    peer text NOT NULL,
    request text NOT NULL,
    resource_type text NOT NULL,
    resource text NOT NULL,
    status smallint NOT NULL,
    scim_type text NOT NULL,
    attributes text NOT NULL,
    tolerances text NOT NULL,
    repeats int NOT NULL
);

CREATE INDEX event_at ON event (tenant_id, at, id);
ALTER TABLE event ADD CONSTRAINT event_pkey PRIMARY KEY (tenant_id, id);

-- The second lock on every tenant's rows; the first is the tenant predicate of each statement. FORCE binds the owner too.
-- After a transaction that set it, the setting is '' and not NULL.

ALTER TABLE connection ENABLE ROW LEVEL SECURITY;
ALTER TABLE connection FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON connection
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

ALTER TABLE resource ENABLE ROW LEVEL SECURITY;
ALTER TABLE resource FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON resource
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

ALTER TABLE member ENABLE ROW LEVEL SECURITY;
ALTER TABLE member FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON member
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

ALTER TABLE attribute_index ENABLE ROW LEVEL SECURITY;
ALTER TABLE attribute_index FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON attribute_index
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

ALTER TABLE event ENABLE ROW LEVEL SECURITY;
ALTER TABLE event FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON event
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

-- Events are only ever added. Whoever owns the table could take the right back, but not by mistake.
REVOKE UPDATE, DELETE, TRUNCATE ON event FROM CURRENT_USER;
