-- Connections get what each is like: the dialect that its clients speak, the preset of what is tolerated, and settings of
-- its own (JSON); tokens get what they may do. Names of connections are the same in any letter case.
-- Rows that there are get the defaults, without being rewritten; row-level security would hide them from an UPDATE.
ALTER TABLE connection ADD COLUMN dialect text NOT NULL DEFAULT 'standard';
ALTER TABLE connection ADD COLUMN preset text NOT NULL DEFAULT 'standard';
ALTER TABLE connection ADD COLUMN settings text NOT NULL DEFAULT '{}';
CREATE UNIQUE INDEX connection_name_key ON connection (tenant_id, lower(name));
ALTER TABLE token ADD COLUMN scopes text NOT NULL DEFAULT 'scim.read scim.write';
