UPDATE accounts SET owner_id = CASE WHEN id < 'A-06' THEN 'U1' ELSE 'U2' END,
  territory = CASE WHEN id < 'A-06' THEN 'book-01' ELSE 'book-02' END;
