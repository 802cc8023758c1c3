CREATE TABLE accounts (id TEXT PRIMARY KEY, owner_id TEXT, employees INTEGER);
CREATE TABLE users (id TEXT PRIMARY KEY, name TEXT);
INSERT INTO users VALUES ('U1', 'Jane Doe'), ('U2', 'Raj Patel');
INSERT INTO accounts VALUES ('A1', 'U1', 900), ('A2', 'U1', 20), ('A3', 'U1', 30), ('A4', 'U2', 700), ('A5', 'U2', 50);
