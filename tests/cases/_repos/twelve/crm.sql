-- Twelve companies that nobody has yet, with all that one may carve by.
CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT);
INSERT INTO users VALUES ('U1', 'jane@example.com'), ('U2', 'raj@example.com'), ('U3', 'li@example.com');

CREATE TABLE accounts (
  id TEXT PRIMARY KEY, name TEXT, state TEXT, zip TEXT, fips TEXT, industry TEXT, employees INTEGER, line TEXT,
  lead_source TEXT, arr REAL, parent_id TEXT, owner_id TEXT, territory TEXT
);
INSERT INTO accounts VALUES
  ('A-01', 'Abalone',  'CA', '94016', '06075', 'software',    9000, 'platform', 'inbound',  120, NULL,   NULL, NULL),
  ('A-02', 'Birch',    'CA', '94103', '06075', 'healthcare',  2400, 'payments', 'outbound', 100, NULL,   NULL, NULL),
  ('A-03', 'Cedar',    'CA', '94401', '06081', 'software',     150, 'payments', 'partner',   40, 'A-02', NULL, NULL),
  ('A-04', 'Dogwood',  'CA', '90012', '06037', 'government',  6000, 'platform', 'outbound', 110, NULL,   NULL, NULL),
  ('A-05', 'Elm',      'OR', '97201', '41051', 'retail',      1900, 'payments', 'inbound',   60, NULL,   NULL, NULL),
  ('A-06', 'Fir',      'OR', '97401', '41039', 'healthcare',    80, 'platform', 'partner',   30, NULL,   NULL, NULL),
  ('A-07', 'Ginkgo',   'WA', '98101', '53033', 'software',    5200, 'platform', 'inbound',  130, NULL,   NULL, NULL),
  ('A-08', 'Hemlock',  'WA', '98402', '53053', 'government',   700, 'payments', 'outbound',  50, NULL,   NULL, NULL),
  ('A-09', 'Ironwood', 'NY', '10001', '36061', 'banking',    12000, 'payments', 'outbound', 150, NULL,   NULL, NULL),
  ('A-10', 'Juniper',  'NY', '10451', '36005', 'healthcare',   300, 'platform', 'inbound',   45, 'A-09', NULL, NULL),
  ('A-11', 'Kapok',    'NJ', '07102', '34013', 'banking',     2100, 'payments', 'partner',   90, 'A-09', NULL, NULL),
  ('A-12', 'Larch',    'MA', '02108', '25025', 'software',     950, 'platform', 'inbound',   55, NULL,   NULL, NULL);
