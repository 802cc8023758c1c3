UPDATE accounts SET arr = 2000 WHERE id = 'A-01';
