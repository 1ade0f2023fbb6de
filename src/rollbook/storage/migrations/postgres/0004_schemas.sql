-- The schemas and resource types that a tenant has made: one document, with a revision that whoever writes resources
-- names. The tenant's row repeats the revision, so that looking a token up tells it; schema_work says when somebody has
-- to look after the tenant's indexes next.
ALTER TABLE tenant ADD COLUMN schema_revision int NOT NULL DEFAULT 0;
ALTER TABLE tenant ADD COLUMN schema_work text COLLATE "C";
CREATE INDEX tenant_schema_work ON tenant (schema_work);

CREATE TABLE catalogue (
    tenant_id uuid NOT NULL PRIMARY KEY,
    revision int NOT NULL,
    document text NOT NULL
);

ALTER TABLE catalogue ENABLE ROW LEVEL SECURITY;
ALTER TABLE catalogue FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON catalogue
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
