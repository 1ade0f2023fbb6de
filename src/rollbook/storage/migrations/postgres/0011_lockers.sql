-- Lockers: what stands where, who may use what, who holds what. The users and their groups are resources. Texts in
-- *_key are folded. The tenant leads every key; no unique index is partial.

-- Where lockers stand. Opening hours and validity of links are of its time zone (an IANA name). state is active or
-- closed.
CREATE TABLE location (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text COLLATE "C" NOT NULL,
    name_key text COLLATE "C" NOT NULL,
    time_zone text COLLATE "C" NOT NULL,
    address text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    external_id text COLLATE "C",
    attributes text NOT NULL,
    version bigint NOT NULL,
    created text COLLATE "C" NOT NULL,
    last_modified text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE UNIQUE INDEX location_name ON location (tenant_id, name_key);
CREATE UNIQUE INDEX location_external_id ON location (tenant_id, external_id);
CREATE INDEX location_changed ON location (tenant_id, last_modified, id);

ALTER TABLE location ENABLE ROW LEVEL SECURITY;
ALTER TABLE location FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON location
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

-- A part of a location: a floor, a wing.
CREATE TABLE section (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    location_id uuid NOT NULL,
    name text COLLATE "C" NOT NULL,
    name_key text COLLATE "C" NOT NULL,
    floor text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    external_id text COLLATE "C",
    attributes text NOT NULL,
    version bigint NOT NULL,
    created text COLLATE "C" NOT NULL,
    last_modified text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE UNIQUE INDEX section_name ON section (tenant_id, location_id, name_key);
CREATE UNIQUE INDEX section_external_id ON section (tenant_id, external_id);
CREATE INDEX section_changed ON section (tenant_id, last_modified, id);

ALTER TABLE section ENABLE ROW LEVEL SECURITY;
ALTER TABLE section FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON section
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

-- Lockers with one controller. location_id is that of its section.
CREATE TABLE locker_bank (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    location_id uuid NOT NULL,
    section_id uuid NOT NULL,
    name text COLLATE "C" NOT NULL,
    name_key text COLLATE "C" NOT NULL,
    description text COLLATE "C" NOT NULL,
    controller text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    published smallint NOT NULL,
    service_mode smallint NOT NULL,
    random_allocation smallint NOT NULL,
    external_id text COLLATE "C",
    attributes text NOT NULL,
    version bigint NOT NULL,
    created text COLLATE "C" NOT NULL,
    last_modified text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE UNIQUE INDEX locker_bank_name ON locker_bank (tenant_id, section_id, name_key);
CREATE UNIQUE INDEX locker_bank_external_id ON locker_bank (tenant_id, external_id);
CREATE INDEX locker_bank_of_location ON locker_bank (tenant_id, location_id, id);
CREATE INDEX locker_bank_changed ON locker_bank (tenant_id, last_modified, id);

ALTER TABLE locker_bank ENABLE ROW LEVEL SECURITY;
ALTER TABLE locker_bank FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON locker_bank
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

-- number is what stands on the door, with its zeros. kind is day, fixed, shared or delivery; state is active, blocked
-- or outOfOrder. Whether it is held, its open assignments say. open_seconds is for how long it opens.
CREATE TABLE locker (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    bank_id uuid NOT NULL,
    number text COLLATE "C" NOT NULL,
    number_key text COLLATE "C" NOT NULL,
    position int NOT NULL,
    size text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    accessible smallint NOT NULL,
    state text COLLATE "C" NOT NULL,
    state_reason text COLLATE "C" NOT NULL,
    open_seconds int NOT NULL,
    self_release smallint NOT NULL,
    shareable smallint NOT NULL,
    external_id text COLLATE "C",
    attributes text NOT NULL,
    version bigint NOT NULL,
    created text COLLATE "C" NOT NULL,
    last_modified text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE UNIQUE INDEX locker_number ON locker (tenant_id, bank_id, number_key);
CREATE UNIQUE INDEX locker_external_id ON locker (tenant_id, external_id);
CREATE INDEX locker_in_order ON locker (tenant_id, bank_id, position, id);
CREATE INDEX locker_changed ON locker (tenant_id, last_modified, id);

ALTER TABLE locker ENABLE ROW LEVEL SECURITY;
ALTER TABLE locker FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON locker
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

-- Lockers that rights are given to together. A locker may be in several.
CREATE TABLE locker_group (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text COLLATE "C" NOT NULL,
    name_key text COLLATE "C" NOT NULL,
    description text COLLATE "C" NOT NULL,
    bookable smallint NOT NULL,
    postal smallint NOT NULL,
    external_id text COLLATE "C",
    attributes text NOT NULL,
    version bigint NOT NULL,
    created text COLLATE "C" NOT NULL,
    last_modified text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE UNIQUE INDEX locker_group_name ON locker_group (tenant_id, name_key);
CREATE UNIQUE INDEX locker_group_external_id ON locker_group (tenant_id, external_id);
CREATE INDEX locker_group_changed ON locker_group (tenant_id, last_modified, id);

ALTER TABLE locker_group ENABLE ROW LEVEL SECURITY;
ALTER TABLE locker_group FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON locker_group
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

CREATE TABLE grouped_locker (
    tenant_id uuid NOT NULL,
    group_id uuid NOT NULL,
    locker_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, group_id, locker_id)
);

CREATE INDEX grouped_locker_of ON grouped_locker (tenant_id, locker_id, group_id);

ALTER TABLE grouped_locker ENABLE ROW LEVEL SECURITY;
ALTER TABLE grouped_locker FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON grouped_locker
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

-- What the members of a user group (a Group of SCIM) may do with the lockers of a locker group. effect is allow or
-- deny, and deny wins. rights is a sum of 1 use, 2 reserve, 4 openRemote, 8 manage; days a sum of 1 Monday to 64
-- Sunday. From from_minute to until_minute of the day, in the time zone of the location; an end that is not after the
-- beginning is on the next day, 0 to 1440 is always.
CREATE TABLE access_link (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    user_group_id uuid NOT NULL,
    locker_group_id uuid NOT NULL,
    effect text COLLATE "C" NOT NULL,
    rights smallint NOT NULL,
    days smallint NOT NULL,
    from_minute smallint NOT NULL,
    until_minute smallint NOT NULL,
    valid_from text COLLATE "C",
    valid_until text COLLATE "C",
    priority int NOT NULL,
    max_lockers int,
    description text COLLATE "C" NOT NULL,
    external_id text COLLATE "C",
    attributes text NOT NULL,
    version bigint NOT NULL,
    created text COLLATE "C" NOT NULL,
    last_modified text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE UNIQUE INDEX access_link_external_id ON access_link (tenant_id, external_id);
CREATE INDEX access_link_of_users ON access_link (tenant_id, user_group_id, locker_group_id);
CREATE INDEX access_link_of_lockers ON access_link (tenant_id, locker_group_id, user_group_id);
CREATE INDEX access_link_changed ON access_link (tenant_id, last_modified, id);

ALTER TABLE access_link ENABLE ROW LEVEL SECURITY;
ALTER TABLE access_link FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON access_link
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

-- Who holds a locker, and who held it. slot is NULL once it has ended; of an open one it is 'holder', of which a
-- locker has one, or the user's id, for those who hold it beside others. kind is fixed, day, shared, delivery or
-- booking. expires is when it was to end, ended when it has.
CREATE TABLE assignment (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    locker_id uuid NOT NULL,
    user_id uuid NOT NULL,
    slot text COLLATE "C",
    kind text COLLATE "C" NOT NULL,
    started text COLLATE "C" NOT NULL,
    expires text COLLATE "C",
    ended text COLLATE "C",
    reason text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    note text COLLATE "C" NOT NULL,
    shared_by uuid,
    booking_id uuid,
    version bigint NOT NULL,
    created text COLLATE "C" NOT NULL,
    last_modified text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE UNIQUE INDEX assignment_slot ON assignment (tenant_id, locker_id, slot);
CREATE INDEX assignment_of_user ON assignment (tenant_id, user_id, ended, locker_id, expires, shared_by);
CREATE INDEX assignment_history ON assignment (tenant_id, locker_id, started, id);
CREATE INDEX assignment_due ON assignment (tenant_id, ended, expires);
CREATE INDEX assignment_changed ON assignment (tenant_id, last_modified, id);

ALTER TABLE assignment ENABLE ROW LEVEL SECURITY;
ALTER TABLE assignment FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON assignment
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

-- A locker is kept for somebody. state is open, cancelled or used.
CREATE TABLE booking (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    locker_id uuid NOT NULL,
    user_id uuid NOT NULL,
    starts text COLLATE "C" NOT NULL,
    ends text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    created text COLLATE "C" NOT NULL,
    last_modified text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX booking_of_user ON booking (tenant_id, user_id, ends, id);
CREATE INDEX booking_of_locker ON booking (tenant_id, locker_id, ends, id);
CREATE INDEX booking_changed ON booking (tenant_id, last_modified, id);

ALTER TABLE booking ENABLE ROW LEVEL SECURITY;
ALTER TABLE booking FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON booking
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

-- A keyed hash, which says nothing without the key outside of the database. subject is a user, locker or bank;
-- purpose is pin or master.
CREATE TABLE pin_code (
    tenant_id uuid NOT NULL,
    subject text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    purpose text COLLATE "C" NOT NULL,
    hash text COLLATE "C" NOT NULL,
    failures int NOT NULL,
    locked_until text COLLATE "C",
    changed text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, subject, id, purpose)
);

ALTER TABLE pin_code ENABLE ROW LEVEL SECURITY;
ALTER TABLE pin_code FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON pin_code
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

-- What happened around lockers, in its order, for those who follow it. place as in the table event.
CREATE TABLE locker_event (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    place bigint NOT NULL,
    at text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    actor text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    subject_id uuid NOT NULL,
    locker_id uuid,
    user_id uuid,
    data text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX locker_event_feed ON locker_event (tenant_id, place, id);
CREATE INDEX locker_event_of_locker ON locker_event (tenant_id, locker_id, place, id);
CREATE INDEX locker_event_of_user ON locker_event (tenant_id, user_id, place, id);

ALTER TABLE locker_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE locker_event FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON locker_event
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

-- Answers to requests that had an Idempotency-Key, for whoever sends them again. key and digest are SHA-256, in
-- hexadecimal.
CREATE TABLE request_key (
    tenant_id uuid NOT NULL,
    key text COLLATE "C" NOT NULL,
    digest text COLLATE "C" NOT NULL,
    status smallint NOT NULL,
    location text COLLATE "C" NOT NULL,
    etag text COLLATE "C" NOT NULL,
    body text COLLATE "C" NOT NULL,
    created text COLLATE "C" NOT NULL,
    expires text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, key)
);

CREATE INDEX request_key_expires ON request_key (tenant_id, expires);

ALTER TABLE request_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE request_key FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON request_key
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
