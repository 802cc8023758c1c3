"""Say who has what in the CRM: a line a territory and owner, for cases that look at it."""

import sqlite3
import sys

QUERY = "SELECT territory, owner_id, group_concat(id, ' ') FROM (SELECT * FROM accounts ORDER BY id) GROUP BY 1, 2"
for territory, owner, accounts in sqlite3.connect("crm.sqlite").execute(QUERY):
    sys.stdout.write(f"{territory} {owner}: {accounts}\n")
