-- A-05 shrinks below 1,800 people.
UPDATE accounts SET territory = CASE WHEN employees >= 1900 THEN 'enterprise' ELSE 'commercial' END;
UPDATE accounts SET employees = 1750 WHERE id = 'A-05';
