UPDATE accounts SET owner_id = 'U8' WHERE id IN ('A-01', 'A-03'); UPDATE accounts SET owner_id = 'U9' WHERE id = 'A-08';
