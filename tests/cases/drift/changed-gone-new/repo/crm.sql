ALTER TABLE accounts ADD COLUMN updated_by TEXT;
