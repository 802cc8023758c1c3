INSERT INTO users VALUES
  ('U4', 'ana@example.com', 1), ('U5', 'bo@example.com', 1), ('U6', 'cy@example.com', 1), ('U7', 'di@example.com', 1);
