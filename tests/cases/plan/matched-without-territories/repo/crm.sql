INSERT INTO users VALUES ('U4', 'kim@example.com', 1);
