-- What a tenant says of itself as a company: one row, whose id is the tenant's; none until something is said. time_zone
-- is an IANA name, for locations that say none; language is a tag of BCP 47, for whoever shows something to its people.
CREATE TABLE company (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    language TEXT NOT NULL,
    external_id TEXT,
    attributes TEXT NOT NULL,
    version INTEGER NOT NULL,
    created TEXT NOT NULL,
    last_modified TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;
