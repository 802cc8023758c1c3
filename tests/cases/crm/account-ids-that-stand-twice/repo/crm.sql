CREATE TABLE copy AS SELECT * FROM accounts;
DROP TABLE accounts;
CREATE TABLE accounts AS SELECT * FROM copy;
INSERT INTO accounts SELECT * FROM copy WHERE state = 'OR';
INSERT INTO accounts (id, state, arr) VALUES (NULL, 'CA', 10), ('', 'CA', 10);
