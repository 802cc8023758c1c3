UPDATE accounts SET territory = CASE WHEN id IN ('A-01', 'A-03') THEN 'large' ELSE 'rest' END;
