-- What a tenant says of itself as a company: one row, whose id is the tenant's; none until something is said. time_zone
-- is an IANA name, for locations that say none; language is a tag of BCP 47, for whoever shows something to its people.
CREATE TABLE company (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    time_zone text COLLATE "C" NOT NULL,
    language text COLLATE "C" NOT NULL,
    external_id text COLLATE "C",
    attributes text NOT NULL,
    version bigint NOT NULL,
    created text COLLATE "C" NOT NULL,
    last_modified text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

ALTER TABLE company ENABLE ROW LEVEL SECURITY;
ALTER TABLE company FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON company
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
