"""New accounts in the CRM."""

import sqlite3
import sys

crm = sqlite3.connect("crm.sqlite")
for name in sys.argv[1:]:
    crm.execute(f"INSERT INTO accounts VALUES ('{name}', '', 'CA', 250, 20, NULL, 36.7, -119.8, NULL, NULL)")
crm.commit()
