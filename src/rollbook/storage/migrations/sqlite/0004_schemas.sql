-- The schemas and resource types that a tenant has made: one document, with a revision that whoever writes resources
-- names. The tenant's row repeats the revision, so that looking a token up tells it; schema_work says when somebody has
-- to look after the tenant's indexes next.
ALTER TABLE tenant ADD COLUMN schema_revision INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tenant ADD COLUMN schema_work TEXT;
CREATE INDEX tenant_schema_work ON tenant (schema_work);

CREATE TABLE catalogue (
    tenant_id TEXT NOT NULL PRIMARY KEY,
    revision INTEGER NOT NULL,
    document TEXT NOT NULL
) STRICT, WITHOUT ROWID;
