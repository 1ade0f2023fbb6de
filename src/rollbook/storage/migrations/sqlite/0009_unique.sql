-- The values of attributes that are unique in their tenant, besides a type's key, which has a column: one row for each,
-- in search form. What is deleted leaves none, so its values are free again.

CREATE TABLE unique_value (
    tenant_id TEXT NOT NULL,
    type INTEGER NOT NULL,
    path TEXT NOT NULL,
    value TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, type, path, value)
) STRICT, WITHOUT ROWID;

CREATE INDEX unique_value_of ON unique_value (tenant_id, type, id);
