-- A-05 has 600 people and stays, under the new name of its segment too.
UPDATE accounts SET owner_id = CASE WHEN employees >= 600 THEN 'U1' ELSE 'U2' END,
  territory = CASE WHEN employees >= 600 THEN 'north' ELSE 'south' END;
