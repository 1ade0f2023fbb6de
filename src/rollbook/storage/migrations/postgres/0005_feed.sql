-- The change feed, and the keys that seal cursors.

-- The resource's version after the change; 0 for an event that tells of no change of a resource.
ALTER TABLE event ADD COLUMN version bigint NOT NULL DEFAULT 0;

-- Where a change stands among those of its tenant: not before its own transaction, nor before one that had ended when
-- the statement began (a lock may have been waited for until then). Changes of one place are in order of version, id.
ALTER TABLE event ADD COLUMN place bigint NOT NULL DEFAULT 0;
ALTER TABLE event ALTER COLUMN place SET DEFAULT
    greatest(pg_current_xact_id()::text::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1);

CREATE INDEX event_feed ON event (tenant_id, place, version, id) WHERE version > 0;

-- Positions in a feed mean nothing after a restore: then this is another.
CREATE TABLE feed_epoch (
    id int NOT NULL PRIMARY KEY,
    epoch text NOT NULL
);

INSERT INTO feed_epoch (id, epoch) VALUES (1, gen_random_uuid()::text);

CREATE TABLE sealing_key (
    id uuid NOT NULL PRIMARY KEY,
    secret bytea NOT NULL,
    created text COLLATE "C" NOT NULL
);
