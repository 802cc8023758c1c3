"""A week: one company grows out of its segment, one closes, one is new, and one is worth three times more."""

import sqlite3

crm = sqlite3.connect("crm.sqlite")
crm.execute("UPDATE accounts SET employees = 1500 WHERE id = 'A-04'")
crm.execute("UPDATE accounts SET arr = 0 WHERE id = 'A-05'")
crm.execute("UPDATE accounts SET arr = 315 WHERE id = 'A-09'")
crm.execute("INSERT INTO accounts VALUES ('A-11', 'Kauri', 'CA', 250, 60, NULL, 36.7, -119.8, NULL, NULL)")
crm.commit()
