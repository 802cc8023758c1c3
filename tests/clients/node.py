"""Runs scripts of Node.js beside this file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def run(script: str, told: Any) -> None:
    """Run a script with what it is to know; an error of it ends this process."""
    done = subprocess.run(["node", HERE / script], cwd=HERE, input=json.dumps(told), text=True)
    if done.returncode:
        sys.exit(done.returncode)
