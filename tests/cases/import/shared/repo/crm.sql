UPDATE accounts SET owner_id = 'U3' WHERE id IN ('A-06', 'A-07');
