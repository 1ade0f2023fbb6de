-- Lockers: what stands where, who may use what, who holds what. The users and their groups are resources. Texts in
-- *_key are folded. The tenant leads every key; no unique index is partial.

-- Where lockers stand. Opening hours and validity of links are of its time zone (an IANA name). state is active or
-- closed.
CREATE TABLE location (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    address TEXT NOT NULL,
    state TEXT NOT NULL,
    external_id TEXT,
    attributes TEXT NOT NULL,
    version INTEGER NOT NULL,
    created TEXT NOT NULL,
    last_modified TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX location_name ON location (tenant_id, name_key);
CREATE UNIQUE INDEX location_external_id ON location (tenant_id, external_id);
CREATE INDEX location_changed ON location (tenant_id, last_modified, id);

-- A part of a location: a floor, a wing.
CREATE TABLE section (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    location_id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    floor TEXT NOT NULL,
    state TEXT NOT NULL,
    external_id TEXT,
    attributes TEXT NOT NULL,
    version INTEGER NOT NULL,
    created TEXT NOT NULL,
    last_modified TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX section_name ON section (tenant_id, location_id, name_key);
CREATE UNIQUE INDEX section_external_id ON section (tenant_id, external_id);
CREATE INDEX section_changed ON section (tenant_id, last_modified, id);

-- Lockers with one controller. location_id is that of its section.
CREATE TABLE locker_bank (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    location_id TEXT NOT NULL,
    section_id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    description TEXT NOT NULL,
    controller TEXT NOT NULL,
    state TEXT NOT NULL,
    published INTEGER NOT NULL,
    service_mode INTEGER NOT NULL,
    random_allocation INTEGER NOT NULL,
    external_id TEXT,
    attributes TEXT NOT NULL,
    version INTEGER NOT NULL,
    created TEXT NOT NULL,
    last_modified TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX locker_bank_name ON locker_bank (tenant_id, section_id, name_key);
CREATE UNIQUE INDEX locker_bank_external_id ON locker_bank (tenant_id, external_id);
CREATE INDEX locker_bank_of_location ON locker_bank (tenant_id, location_id, id);
CREATE INDEX locker_bank_changed ON locker_bank (tenant_id, last_modified, id);

-- number is what stands on the door, with its zeros. kind is day, fixed, shared or delivery; state is active, blocked
-- or outOfOrder. Whether it is held, its open assignments say. open_seconds is for how long it opens.
CREATE TABLE locker (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    bank_id TEXT NOT NULL,
    number TEXT NOT NULL,
    number_key TEXT NOT NULL,
    position INTEGER NOT NULL,
    size TEXT NOT NULL,
    kind TEXT NOT NULL,
    accessible INTEGER NOT NULL,
    state TEXT NOT NULL,
    state_reason TEXT NOT NULL,
    open_seconds INTEGER NOT NULL,
    self_release INTEGER NOT NULL,
    shareable INTEGER NOT NULL,
    external_id TEXT,
    attributes TEXT NOT NULL,
    version INTEGER NOT NULL,
    created TEXT NOT NULL,
    last_modified TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX locker_number ON locker (tenant_id, bank_id, number_key);
CREATE UNIQUE INDEX locker_external_id ON locker (tenant_id, external_id);
CREATE INDEX locker_in_order ON locker (tenant_id, bank_id, position, id);
CREATE INDEX locker_changed ON locker (tenant_id, last_modified, id);

-- Lockers that rights are given to together. A locker may be in several.
CREATE TABLE locker_group (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    description TEXT NOT NULL,
    bookable INTEGER NOT NULL,
    postal INTEGER NOT NULL,
    external_id TEXT,
    attributes TEXT NOT NULL,
    version INTEGER NOT NULL,
    created TEXT NOT NULL,
    last_modified TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX locker_group_name ON locker_group (tenant_id, name_key);
CREATE UNIQUE INDEX locker_group_external_id ON locker_group (tenant_id, external_id);
CREATE INDEX locker_group_changed ON locker_group (tenant_id, last_modified, id);

CREATE TABLE grouped_locker (
    tenant_id TEXT NOT NULL,
    group_id TEXT NOT NULL,
    locker_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, group_id, locker_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX grouped_locker_of ON grouped_locker (tenant_id, locker_id, group_id);

-- What the members of a user group (a Group of SCIM) may do with the lockers of a locker group. effect is allow or
-- deny, and deny wins. rights is a sum of 1 use, 2 reserve, 4 openRemote, 8 manage; days a sum of 1 Monday to 64
-- Sunday. From from_minute to until_minute of the day, in the time zone of the location; an end that is not after the
-- beginning is on the next day, 0 to 1440 is always.
CREATE TABLE access_link (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    user_group_id TEXT NOT NULL,
    locker_group_id TEXT NOT NULL,
    effect TEXT NOT NULL,
    rights INTEGER NOT NULL,
    days INTEGER NOT NULL,
    from_minute INTEGER NOT NULL,
    until_minute INTEGER NOT NULL,
    valid_from TEXT,
    valid_until TEXT,
    priority INTEGER NOT NULL,
    max_lockers INTEGER,
    description TEXT NOT NULL,
    external_id TEXT,
    attributes TEXT NOT NULL,
    version INTEGER NOT NULL,
    created TEXT NOT NULL,
    last_modified TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX access_link_external_id ON access_link (tenant_id, external_id);
CREATE INDEX access_link_of_users ON access_link (tenant_id, user_group_id, locker_group_id);
CREATE INDEX access_link_of_lockers ON access_link (tenant_id, locker_group_id, user_group_id);
CREATE INDEX access_link_changed ON access_link (tenant_id, last_modified, id);

-- Who holds a locker, and who held it. slot is NULL once it has ended; of an open one it is 'holder', of which a
-- locker has one, or the user's id, for those who hold it beside others. kind is fixed, day, shared, delivery or
-- booking. expires is when it was to end, ended when it has.
CREATE TABLE assignment (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    locker_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    slot TEXT,
    kind TEXT NOT NULL,
    started TEXT NOT NULL,
    expires TEXT,
    ended TEXT,
    reason TEXT NOT NULL,
    source TEXT NOT NULL,
    note TEXT NOT NULL,
    shared_by TEXT,
    booking_id TEXT,
    version INTEGER NOT NULL,
    created TEXT NOT NULL,
    last_modified TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX assignment_slot ON assignment (tenant_id, locker_id, slot);
CREATE INDEX assignment_of_user ON assignment (tenant_id, user_id, ended, locker_id, expires, shared_by);
CREATE INDEX assignment_history ON assignment (tenant_id, locker_id, started, id);
CREATE INDEX assignment_due ON assignment (tenant_id, ended, expires);
CREATE INDEX assignment_changed ON assignment (tenant_id, last_modified, id);

-- A locker is kept for somebody. state is open, cancelled or used.
CREATE TABLE booking (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    locker_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    starts TEXT NOT NULL,
    ends TEXT NOT NULL,
    state TEXT NOT NULL,
    version INTEGER NOT NULL,
    created TEXT NOT NULL,
    last_modified TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX booking_of_user ON booking (tenant_id, user_id, ends, id);
CREATE INDEX booking_of_locker ON booking (tenant_id, locker_id, ends, id);
CREATE INDEX booking_changed ON booking (tenant_id, last_modified, id);

-- A keyed hash, which says nothing without the key outside of the database. subject is a user, locker or bank;
-- purpose is pin or master.
CREATE TABLE pin_code (
    tenant_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    id TEXT NOT NULL,
    purpose TEXT NOT NULL,
    hash TEXT NOT NULL,
    failures INTEGER NOT NULL,
    locked_until TEXT,
    changed TEXT NOT NULL,
    PRIMARY KEY (tenant_id, subject, id, purpose)
) STRICT, WITHOUT ROWID;

-- What happened around lockers, in its order, for those who follow it. place as in the table event.
CREATE TABLE locker_event (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    place INTEGER NOT NULL,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    subject TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    locker_id TEXT,
    user_id TEXT,
    data TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX locker_event_feed ON locker_event (tenant_id, place, id);
CREATE INDEX locker_event_of_locker ON locker_event (tenant_id, locker_id, place, id);
CREATE INDEX locker_event_of_user ON locker_event (tenant_id, user_id, place, id);

-- Answers to requests that had an Idempotency-Key, for whoever sends them again. key and digest are SHA-256, in
-- hexadecimal.
CREATE TABLE request_key (
    tenant_id TEXT NOT NULL,
    key TEXT NOT NULL,
    digest TEXT NOT NULL,
    status INTEGER NOT NULL,
    location TEXT NOT NULL,
    etag TEXT NOT NULL,
    body TEXT NOT NULL,
    created TEXT NOT NULL,
    expires TEXT NOT NULL,
    PRIMARY KEY (tenant_id, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX request_key_expires ON request_key (tenant_id, expires);

-- What the planner is to take these tables for: many rows in a tenant, few of a user or a locker. Without statistics it
-- takes a tenant for some ten rows, and reads all of it.
ANALYZE location;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('location', 'location', '10000 100 1'),
    ('location', 'location_name', '10000 100 1'),
    ('location', 'location_external_id', '10000 100 1'),
    ('location', 'location_changed', '10000 100 2 1'),
    ('section', 'section', '50000 500 1'),
    ('section', 'section_name', '50000 500 5 1'),
    ('section', 'section_external_id', '50000 500 1'),
    ('section', 'section_changed', '50000 500 2 1'),
    ('locker_bank', 'locker_bank', '100000 1000 1'),
    ('locker_bank', 'locker_bank_name', '100000 1000 2 1'),
    ('locker_bank', 'locker_bank_external_id', '100000 1000 1'),
    ('locker_bank', 'locker_bank_of_location', '100000 1000 10 1'),
    ('locker_bank', 'locker_bank_changed', '100000 1000 2 1'),
    ('locker', 'locker', '1000000 10000 1'),
    ('locker', 'locker_number', '1000000 10000 50 1'),
    ('locker', 'locker_external_id', '1000000 10000 1'),
    ('locker', 'locker_in_order', '1000000 10000 50 2 1'),
    ('locker', 'locker_changed', '1000000 10000 2 1'),
    ('locker_group', 'locker_group', '10000 100 1'),
    ('locker_group', 'locker_group_name', '10000 100 1'),
    ('locker_group', 'locker_group_external_id', '10000 100 1'),
    ('locker_group', 'locker_group_changed', '10000 100 2 1'),
    ('grouped_locker', 'grouped_locker', '2000000 20000 200 1'),
    ('grouped_locker', 'grouped_locker_of', '2000000 20000 2 1'),
    ('access_link', 'access_link', '100000 1000 1'),
    ('access_link', 'access_link_external_id', '100000 1000 1'),
    ('access_link', 'access_link_of_users', '100000 1000 5 1'),
    ('access_link', 'access_link_of_lockers', '100000 1000 10 1'),
    ('access_link', 'access_link_changed', '100000 1000 2 1'),
    ('assignment', 'assignment', '5000000 50000 1'),
    ('assignment', 'assignment_slot', '5000000 50000 5 1'),
    ('assignment', 'assignment_of_user', '5000000 50000 5 2 1 1 1'),
    ('assignment', 'assignment_history', '5000000 50000 5 1 1'),
    ('assignment', 'assignment_due', '5000000 50000 100 20'),
    ('assignment', 'assignment_changed', '5000000 50000 2 1'),
    ('booking', 'booking', '1000000 10000 1'),
    ('booking', 'booking_of_user', '1000000 10000 5 1 1'),
    ('booking', 'booking_of_locker', '1000000 10000 5 1 1'),
    ('booking', 'booking_changed', '1000000 10000 2 1'),
    ('pin_code', 'pin_code', '100000 1000 500 1 1'),
    ('locker_event', 'locker_event', '10000000 100000 1'),
    ('locker_event', 'locker_event_feed', '10000000 100000 1 1'),
    ('locker_event', 'locker_event_of_locker', '10000000 100000 100 1 1'),
    ('locker_event', 'locker_event_of_user', '10000000 100000 100 1 1'),
    ('request_key', 'request_key', '100000 1000 1'),
    ('request_key', 'request_key_expires', '100000 1000 2');
ANALYZE sqlite_schema;
