"""The walk from a CRM to the first merged plan runs as it is written."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
from contextlib import closing


def test_the_walk_ends_with_a_crm_that_holds_what_was_merged(root, tmp_path, quick_bin):
    with closing(sqlite3.connect(tmp_path / "crm.sqlite")) as crm:
        crm.executescript((root / "tests/cases/_repos/ten/crm.sql").read_text())
        before = crm.execute("SELECT territory, count(*) FROM accounts GROUP BY 1 ORDER BY 1").fetchall()
    subprocess.run(["git", "init", "--quiet", "--bare", tmp_path / "remote"], check=True)
    page = (root / "docs/first-afternoon.md").read_text(encoding="utf-8")
    script = []
    for language, block in re.findall(r"^```(console|yaml)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        if language == "console":
            script += [line.removeprefix("$ ") for line in block.splitlines()]
        else:
            script.append(f"cat > {block.splitlines()[0].removeprefix('# ')} <<'END'\n{block}END")
    environment = {
        "CRM_URL": f"sqlite:///{tmp_path}/crm.sqlite",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{tmp_path}/remote.insteadOf",
        "GIT_CONFIG_VALUE_0": "git@forge.example:acme/territories.git",
        "PATH": f"{quick_bin}{os.pathsep}{os.environ['PATH']}",
    }
    done = subprocess.run(
        ["sh", "-e"],
        input="\n".join(script),
        cwd=tmp_path,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("Check passed.") == 2
    assert done.stdout.splitlines()[-1] == "No changes."
    with closing(sqlite3.connect(tmp_path / "crm.sqlite")) as crm:
        after = crm.execute("SELECT territory, count(*) FROM accounts GROUP BY 1 ORDER BY 1").fetchall()
    assert before == [(None, 1), ("north", 7), ("south", 2)]
    assert after == [(None, 1), ("north", 5), ("south", 4)]
