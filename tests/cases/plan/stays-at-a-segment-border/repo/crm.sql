-- A-05 has 1,900 people and is an enterprise from earlier days.
UPDATE accounts SET territory = CASE WHEN employees >= 1900 THEN 'enterprise' ELSE 'commercial' END;
