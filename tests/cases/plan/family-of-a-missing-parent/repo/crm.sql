UPDATE accounts SET parent_id = 'A-99' WHERE id IN ('A-11', 'A-12');
