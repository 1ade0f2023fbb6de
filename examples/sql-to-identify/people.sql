CREATE TABLE organization (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO organization VALUES (1, 'Acorn'), (2, 'Acorn Labs');
CREATE TABLE person (
  person_no TEXT PRIMARY KEY, login TEXT, first TEXT, last TEXT, mail TEXT, left_on DATE, kind TEXT, organization_id INTEGER
);
INSERT INTO person VALUES
  ('00042', 'Ann.Archer', 'Ann', 'Archer', 'ann.archer@acorn.example', NULL, 'employee', 1),
  ('00043', 'Bo.Birch', 'Bo', 'Birch', 'bo.birch@acorn.example', '2021-12-31', 'employee', 2),
  ('00044', 'Cleo.Ito', 'Cleo', 'Ito', 'cleo.ito@acorn.example', NULL, 'employee', 2),
  ('90001', 'Guest', 'A', 'Guest', 'guest@acorn.example', NULL, 'visitor', 1);
