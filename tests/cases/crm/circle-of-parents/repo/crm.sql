UPDATE accounts SET parent_id = 'A-03' WHERE id = 'A-02';
