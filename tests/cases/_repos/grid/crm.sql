-- Nineteen accounts in the sixteen ZIPs of a square, four by four: z11 is in the north-west, z44 in the south-east.
CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT, active BOOLEAN);
CREATE TABLE accounts (id TEXT PRIMARY KEY, zip TEXT, arr REAL, lat REAL, lon REAL, owner_id TEXT, territory TEXT);
INSERT INTO accounts VALUES
  ('Z11-a', 'z11', 40, 40.0, -100.0, NULL, NULL),
  ('Z11-b', 'z11', 10, 40.0, -100.0, NULL, NULL),
  ('Z12-a', 'z12', 10, 40.0, -99.0, NULL, NULL),
  ('Z13-a', 'z13', 20, 40.0, -98.0, NULL, NULL),
  ('Z14-a', 'z14', 30, 40.0, -97.0, NULL, NULL),
  ('Z21-a', 'z21', 20, 39.0, -100.0, NULL, NULL),
  ('Z22-a', 'z22', 60, 39.0, -99.0, NULL, NULL),
  ('Z22-b', 'z22', 10, 39.0, -99.0, NULL, NULL),
  ('Z23-a', 'z23', 10, 39.0, -98.0, NULL, NULL),
  ('Z24-a', 'z24', 20, 39.0, -97.0, NULL, NULL),
  ('Z31-a', 'z31', 30, 38.0, -100.0, NULL, NULL),
  ('Z32-a', 'z32', 20, 38.0, -99.0, NULL, NULL),
  ('Z33-a', 'z33', 20, 38.0, -98.0, NULL, NULL),
  ('Z34-a', 'z34', 50, 38.0, -97.0, NULL, NULL),
  ('Z41-a', 'z41', 10, 37.0, -100.0, NULL, NULL),
  ('Z42-a', 'z42', 30, 37.0, -99.0, NULL, NULL),
  ('Z43-a', 'z43', 40, 37.0, -98.0, NULL, NULL),
  ('Z44-a', 'z44', 70, 37.0, -97.0, NULL, NULL),
  ('Z44-b', 'z44', 10, 37.0, -97.0, NULL, NULL);
