-- Passwords of resources, as argon2id hashes: only of tenants that store them. Nothing logs in with one; those who log in
-- are in account.

CREATE TABLE password (
    tenant_id uuid NOT NULL,
    type smallint NOT NULL,
    id uuid NOT NULL,
    hash text NOT NULL,
    changed text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, type, id)
);

ALTER TABLE password ENABLE ROW LEVEL SECURITY;
ALTER TABLE password FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON password
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
