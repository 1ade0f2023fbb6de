-- Connections get what each is like: the dialect that its clients speak, the preset of what is tolerated, and settings of
-- its own (JSON); tokens get what they may do. Names of connections are the same in any letter case.
ALTER TABLE connection ADD COLUMN dialect TEXT NOT NULL DEFAULT 'standard';
ALTER TABLE connection ADD COLUMN preset TEXT NOT NULL DEFAULT 'standard';
ALTER TABLE connection ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
CREATE UNIQUE INDEX connection_name_key ON connection (tenant_id, lower(name));
ALTER TABLE token ADD COLUMN scopes TEXT NOT NULL DEFAULT 'scim.read scim.write';
