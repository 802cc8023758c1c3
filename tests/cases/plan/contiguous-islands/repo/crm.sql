-- A ZIP that the adjacency file does not know, and an account without one.
INSERT INTO accounts VALUES ('Z99-a', 'z99', 20, 30.0, -90.0, NULL, NULL), ('nowhere', NULL, 10, NULL, NULL, NULL, NULL);
