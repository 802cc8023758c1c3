UPDATE accounts SET arr = NULL WHERE state = 'OR';
UPDATE accounts SET arr = -1 WHERE id = 'A-09';
