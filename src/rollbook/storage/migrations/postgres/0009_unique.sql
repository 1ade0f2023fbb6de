-- The values of attributes that are unique in their tenant, besides a type's key, which has a column: one row for each,
-- in search form. What is deleted leaves none, so its values are free again.

CREATE TABLE unique_value (
    tenant_id uuid NOT NULL,
    type smallint NOT NULL,
    path text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    PRIMARY KEY (tenant_id, type, path, value)
);

CREATE INDEX unique_value_of ON unique_value (tenant_id, type, id);

ALTER TABLE unique_value ENABLE ROW LEVEL SECURITY;
ALTER TABLE unique_value FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON unique_value
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
