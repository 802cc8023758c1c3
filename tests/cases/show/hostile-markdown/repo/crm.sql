-- Ids and names as an attacker would have them: colours, a new line, an order to GitHub, a formula, SQL.
UPDATE accounts SET id = char(27) || '[31mred', name = 'Robert''); DROP TABLE accounts;--' WHERE id = 'A-06';
UPDATE accounts SET id = 'two' || char(10) || '::error::lines' WHERE id = 'A-07';
UPDATE accounts SET id = '=cmd|''/c calc''!A1,"quoted"' WHERE id = 'A-10';
