"""Clients from npm drive the fake Salesforce: jsforce, a parser of SOQL, and Salesforce's own `sf`.

`make test-clients` installs them and runs this; an error of any of them ends it.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from crm.salesforce_fake.org import Org
from crm.salesforce_fake.server import SalesforceServer
from crm.salesforce_world import salesforce
from node import HERE, run

from terraform_like.crm.conformance import HOSTILE, Account, Scene
from terraform_like.crm.port import Member, Needs

COUNT = 2_300


def filled() -> tuple[Org, str, list[str]]:
    """Give an org with accounts of the house, and another owner."""
    org = Org()
    house, owner = (org.create("User", Name=n, Username=n, Email=f"{n}@acme.example") for n in ("House", "Jane"))
    return org, owner, [org.create("Account", Name=f"Account {number}", OwnerId=house) for number in range(COUNT)]


def queries() -> list[str]:
    """Give every query that the provider sends in a run through all that it does, with hostile names in it."""
    sent: set[str] = set()
    for territories, bulk in ((False, 50_000), (True, 50_000), (True, 0)):
        with salesforce(territories=territories, bulk={"read_above": bulk}) as world:
            scene = Scene(world, 3)
            world.add_accounts([Account(name, scene.jane) for name in HOSTILE])
            list(scene.crm.preflight(Needs(["Name"], owners=[scene.jane], writes=1)))
            scene.crm.read(["Name", "AnnualRevenue"])
            scene.send(*(scene.write(account, scene.raj) for account in scene.accounts))
            scene.crm.arrange(["ent-west", *HOSTILE], [Member("ent-west", scene.jane, "Owner")])
            bodies = [r.body for r in world.server.requests if r.path.endswith("/jobs/query")]
            sent |= {r.query["q"] for r in world.server.requests if "q" in r.query}
            sent |= {json.loads(body)["query"] for body in bodies}
    with salesforce(territories=True, territory_management={"model": HOSTILE[0], "type": "x' OR Name != '"}) as world:
        list(world.open().preflight(Needs()))
        sent |= {r.query["q"] for r in world.server.requests if "q" in r.query}
    return sorted(sent)


def sf(folder: Path, token: str, *words: str) -> Any:
    """Run Salesforce's command line and give its answer."""
    quiet = {"SF_DISABLE_TELEMETRY": "true", "SF_AUTOUPDATE_DISABLE": "true", "SF_DISABLE_LOG_FILE": "true"}
    environment = os.environ | quiet | {"HOME": str(folder), "SF_ACCESS_TOKEN": token}
    command = [str(HERE / "node_modules/.bin/sf"), *words, "--json"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"sf {' '.join(words)}\n{done.stdout}\n{done.stderr}")
    return json.loads(done.stdout)["result"]


def by_command_line(server: SalesforceServer, owner: str, accounts: list[str]) -> None:
    """Log in, query, change one record, change many by a job, and read many by a job."""
    with tempfile.TemporaryDirectory() as name:
        folder, token = Path(name), server.door.token()
        (folder / "sfdx-project.json").write_text('{"packageDirectories": [{"path": "force-app", "default": true}]}')
        (folder / "force-app").mkdir()
        sf(
            folder,
            token,
            "org",
            "login",
            "access-token",
            "--instance-url",
            server.url,
            "--no-prompt",
            "--alias",
            "fake",
        )
        found = sf(folder, token, "data", "query", "--target-org", "fake", "--query", "SELECT Id, Name FROM Account")
        assert found["totalSize"] == len(found["records"]) == len(accounts), found["totalSize"]
        one = ("--sobject", "Account", "--record-id", accounts[0], "--values", "Name='Changed by sf'")
        sf(folder, token, "data", "update", "record", "--target-org", "fake", *one)
        assert server.org.rows["Account"][accounts[0]]["Name"] == "Changed by sf"
        with (folder / "owners.csv").open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([("Id", "OwnerId"), *((a, owner) for a in accounts)])
        many = ("--sobject", "Account", "--file", "owners.csv", "--line-ending", "LF", "--wait", "5")
        job = sf(folder, token, "data", "update", "bulk", "--target-org", "fake", *many)
        assert (job["processedRecords"], job["failedRecords"]) == (len(accounts), 0), job
        assert {row["OwnerId"] for row in server.org.rows["Account"].values()} == {owner}
        out = ("--query", "SELECT Id, OwnerId FROM Account", "--output-file", "all.csv", "--result-format", "csv")
        sf(folder, token, "data", "export", "bulk", "--target-org", "fake", *out, "--wait", "5")
        with (folder / "all.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == len(accounts) and {row["OwnerId"] for row in rows} == {owner}
        limits = sf(folder, token, "limits", "api", "display", "--target-org", "fake")
        assert "DailyApiRequests" in {limit["name"] for limit in limits}
    print(f"sf: {len(accounts)} accounts queried, written by a job, and exported")  # noqa: T201


def main() -> None:
    """Run all of them."""
    run("soql.mjs", queries())
    org, owner, accounts = filled()
    with SalesforceServer(org).running() as server:
        run("jsforce.mjs", {"url": server.url, "token": server.door.token(), "owner": owner, "accounts": accounts})
    org, owner, accounts = filled()
    with SalesforceServer(org).running() as server:
        by_command_line(server, owner, accounts)


if __name__ == "__main__":
    main()
