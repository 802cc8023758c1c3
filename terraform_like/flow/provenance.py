"""Who runs the tool and in which run of a CI, as the environment says."""

from __future__ import annotations

import os

#: Variables that say it, the first that is set counts.
_ACTORS = ("TERRITORY_ACTOR", "GITHUB_ACTOR", "GITLAB_USER_LOGIN")
_RUNS = ("TERRITORY_RUN", "CI_JOB_URL")

#: Parts of the address of a run on GitHub, which has no variable of its own.
_GITHUB = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")


def actor() -> str | None:
    """Give who runs this, where that is told."""
    return _first(_ACTORS)


def ran() -> str | None:
    """Give the address of the run of a CI, where this is one."""
    if (told := _first(_RUNS)) is not None:
        return told
    server, repository, number = map(os.environ.get, _GITHUB)
    return f"{server}/{repository}/actions/runs/{number}" if server and repository and number else None


def _first(variables: tuple[str, ...]) -> str | None:
    return next((value for variable in variables if (value := os.environ.get(variable))), None)
