UPDATE accounts SET owner_id = CASE WHEN id < 'A-06' THEN 'U1' ELSE 'U2' END,
  territory = CASE WHEN id < 'A-06' THEN 'north' ELSE 'south' END;
