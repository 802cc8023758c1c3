UPDATE accounts SET arr = 9e999 WHERE id IN ('A-02', 'A-03');
