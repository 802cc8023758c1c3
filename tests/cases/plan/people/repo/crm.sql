INSERT INTO users VALUES ('U4', 'mia@example.com');
