UPDATE accounts SET lat = lon, lon = lat WHERE state <> 'WA';
UPDATE accounts SET lon = -1220 WHERE id = 'A-01';
UPDATE accounts SET lat = 470000, lon = -1220000 WHERE id = 'A-02';
