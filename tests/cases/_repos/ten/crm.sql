-- Ten companies on the West Coast, five in the north and five in the south. North has too much.
CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT, active BOOLEAN);
INSERT INTO users VALUES ('U1', 'jane@example.com', 1), ('U2', 'raj@example.com', 1), ('U3', 'li@example.com', 1);

CREATE TABLE accounts (
  id TEXT PRIMARY KEY, name TEXT, state TEXT, employees INTEGER, arr REAL, parent_id TEXT, lat REAL, lon REAL,
  owner_id TEXT, territory TEXT
);
INSERT INTO accounts VALUES
  ('A-01', 'Abalone',  'WA', 1200, 100, NULL,   48.0, -122.0, 'U1', 'north'),
  ('A-02', 'Birch',    'WA',  900, 110, NULL,   47.5, -122.0, 'U1', 'north'),
  ('A-03', 'Cedar',    'WA',  800,  90, 'A-02', 47.0, -122.0, 'U1', 'north'),
  ('A-04', 'Dogwood',  'OR',  700, 120, NULL,   45.5, -122.5, 'U1', 'north'),
  ('A-05', 'Elm',      'OR',  600,  80, NULL,   44.0, -123.0, 'U1', 'north'),
  ('A-06', 'Fir',      'OR',  500, 100, NULL,   42.5, -122.8, 'U1', 'north'),
  ('A-07', 'Ginkgo',   'CA',  400, 130, NULL,   38.5, -121.5, 'U1', 'north'),
  ('A-08', 'Hemlock',  'CA',  300,  70, NULL,   37.8, -122.4, 'U2', 'south'),
  ('A-09', 'Ironwood', 'CA',  200, 105, NULL,   34.0, -118.2, 'U2', 'south'),
  ('A-10', 'Juniper',  'CA', 1100,  95, NULL,   32.7, -117.2, NULL, NULL);
