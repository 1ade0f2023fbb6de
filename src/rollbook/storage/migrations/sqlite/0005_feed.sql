-- The change feed, and the keys that seal cursors.

-- The resource's version after the change; 0 for an event that tells of no change of a resource.
ALTER TABLE event ADD COLUMN version INTEGER NOT NULL DEFAULT 0;

-- Where a change stands among those of its tenant: counted by the one writer.
ALTER TABLE event ADD COLUMN place INTEGER NOT NULL DEFAULT 0;

CREATE INDEX event_feed ON event (tenant_id, place) WHERE version > 0;

-- Positions in a feed mean nothing after a restore: then this is another.
CREATE TABLE feed_epoch (
    id INTEGER NOT NULL PRIMARY KEY,
    epoch TEXT NOT NULL
) STRICT;

INSERT INTO feed_epoch (id, epoch) VALUES (1, lower(hex(randomblob(16))));

CREATE TABLE sealing_key (
    id TEXT NOT NULL PRIMARY KEY,
    secret BLOB NOT NULL,
    created TEXT NOT NULL
) STRICT;
