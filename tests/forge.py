"""A forge on a folder: runs the steps of workflow files as they stand, with a `gh` that keeps its records in a folder.

It knows what our workflows use and refuses all else: an action, a function of an expression or a call of `gh` that it
does not know, or a right that the token does not have, ends the test or the step. It has no containers, no matrices, no
caches, and one runner.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

Values = dict[str, Any]
GH = Path(__file__).parent / "gh.py"
TOKEN = re.compile(r"\s*('(?:[^']|'')*'|&&|\|\||==|!=|[!()]|[A-Za-z_][\w.-]*|\d+)")


class Refused(AssertionError):
    """The forge does not know something that a workflow wants."""


@dataclass
class Expression:
    """One expression of a workflow, evaluated as it is read.

    Parameters
    ----------
    text : str
        What stands between `${{` and `}}`.
    contexts : mapping
        Values by name, such as `github`; a member that is not there is null.
    succeeded : bool
        What `success()` says.
    """

    text: str
    contexts: Values
    succeeded: bool = True
    tokens: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = TOKEN.findall(self.text)
        if "".join(self.tokens) != re.sub(r"\s+(?=(?:[^']*'[^']*')*[^']*$)", "", self.text):
            raise Refused(f"expression {self.text!r}")

    def value(self) -> Any:
        found = self._either()
        if self.tokens:
            raise Refused(f"expression {self.text!r}: {self.tokens[0]!r}")
        return found

    def _either(self) -> Any:
        left = self._both()
        while self._take("||"):
            right = self._both()
            left = left or right
        return left

    def _both(self) -> Any:
        left = self._compared()
        while self._take("&&"):
            right = self._compared()
            left = left and right
        return left

    def _compared(self) -> Any:
        left = self._single()
        for sign in ("==", "!="):
            if self._take(sign):
                return ((left or "") == (self._single() or "")) is (sign == "==")
        return left

    def _single(self) -> Any:
        if self._take("!"):
            return not self._single()
        if self._take("("):
            inner = self._either()
            self._must(")")
            return inner
        token = self.tokens.pop(0)
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if self._take("("):
            self._must(")")
            return {"cancelled": False, "always": True, "success": self.succeeded}[token]
        name, *path = token.split(".")
        if name not in self.contexts:
            raise Refused(f"expression {self.text!r}: there is no {name}")
        found = self.contexts[name]
        for part in path:
            found = found.get(part) if isinstance(found, dict) else None
        return found

    def _take(self, token: str) -> bool:
        if self.tokens and self.tokens[0] == token:
            self.tokens.pop(0)
            return True
        return False

    def _must(self, token: str) -> None:
        if not self._take(token):
            raise Refused(f"expression {self.text!r}: no {token!r}")


def filled(text: str, contexts: Values) -> str:
    """Give a text with its expressions replaced by their values."""

    def value(match: re.Match[str]) -> str:
        found = Expression(match[1], contexts).value()
        return "" if found is None else str(found).lower() if isinstance(found, bool) else str(found)

    return re.sub(
        r"\$\{\{(.*?)\}\}", value, str(text).lower() if isinstance(text, bool) else str(text), flags=re.DOTALL
    )


@dataclass
class Run:
    """What a run of a workflow came to: results, outputs and logs of its jobs, what it kept and its summary."""

    results: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    log: str = ""
    summary: str = ""
    artifacts: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return bool(self.results) and set(self.results.values()) <= {"success", "skipped"}


@dataclass
class Forge:
    """A repository on a forge: its bare repository, its records, and what its administrator set.

    Parameters
    ----------
    folder : pathlib.Path
        Where everything is kept.
    command : pathlib.Path
        Folder with the `territory` that runs.
    secrets : dict
        Secrets of each environment.
    variables : dict
        Variables of the repository.
    """

    folder: Path
    command: Path
    secrets: dict[str, dict[str, str]]
    variables: dict[str, str] = field(default_factory=dict)
    runs: int = 0

    def __post_init__(self) -> None:
        self.remote = self.folder / "remote.git"
        self.records = self.folder / "records"
        self.records.mkdir(parents=True)
        subprocess.run(["git", "init", "--quiet", "--bare", self.remote], check=True)
        tools = self.folder / "bin"
        tools.mkdir()
        (tools / "gh").write_text(f'#!/bin/sh\nexec "{sys.executable}" -IS "{GH}" "$@"\n')
        (tools / "python3").symlink_to(sys.executable)
        for tool in tools.iterdir():
            tool.chmod(0o755)
        self.path = f"{self.command}{os.pathsep}{tools}{os.pathsep}{os.environ['PATH']}"

    def kept(self, kind: str) -> list[Values]:
        """Give the records of a kind: comments, issues, pulls or statuses."""
        file = self.records / f"{kind}.json"
        return json.loads(file.read_text(encoding="utf-8")) if file.exists() else []

    def git(self, *arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=self.remote, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def pull_request(self, branch: str, number: int, *, fork: bool = False, **environment: str) -> Run:
        """Run what a push to the branch of a pull request starts."""
        pull = {"number": number, "head": {"repo": {"full_name": "someone/fork" if fork else "acme/territories"}}}
        github = {"event_name": "pull_request", "head_ref": branch, "base_ref": "main", "event": {"pull_request": pull}}
        return self.run("plan", github | {"ref": f"refs/pull/{number}/merge"}, fork=fork, **environment)

    def run(
        self, workflow: str, github: Values, *, fork: bool = False, inputs: Values | None = None, **env: str
    ) -> Run:
        """Run a workflow of the default branch, or of the pull request, on an event."""
        self.runs += 1
        own = {
            "repository": "acme/territories",
            "server_url": "https://forge.example",
            "run_id": str(self.runs),
            "token": "read" if fork else "write",
            "ref": "refs/heads/main",
            "event": {},
        } | github
        source = own.get("head_ref") or "main"
        text = self.git("show", f"{source}:.github/workflows/{workflow}.yml")
        definition = YAML(typ="safe").load(text)
        if own["event_name"] not in definition["on"]:
            raise Refused(f"{workflow}.yml does not run on {own['event_name']}")
        run = Run()
        for name, job in definition["jobs"].items():
            _Job(self, run, own, name, job, definition, fork, inputs or {}, env).go()
        return run


@dataclass
class _Job:
    forge: Forge
    run: Run
    github: Values
    name: str
    job: Values
    workflow: Values
    fork: bool
    inputs: Values
    environment: dict[str, str]

    def go(self) -> None:
        needed = [self.job["needs"]] if isinstance(self.job.get("needs"), str) else self.job.get("needs", [])
        needs = {n: {"result": self.run.results[n], "outputs": self.run.outputs.get(n, {})} for n in needed}
        self.status, self.steps = "success", {}
        given = {} if self.fork else self.forge.secrets.get(self.job.get("environment", ""), {})
        self.temporary = self.forge.folder / f"runner-{self.forge.runs}-{self.name}"
        self.workspace = self.temporary / "workspace"
        self.contexts: Values = {
            "github": self.github,
            "needs": needs,
            "secrets": given,
            "vars": self.forge.variables,
            "inputs": self.inputs,
            "runner": {"temp": str(self.temporary)},
            "steps": self.steps,
        }
        well = all(need["result"] == "success" for need in needs.values())
        if not self._holds(self.job.get("if"), well):
            self.run.results[self.name] = "skipped"
            return
        self.temporary.mkdir()
        permissions = self.job["permissions"]
        self.rights = dict.fromkeys(permissions, "read") if self.fork else dict(permissions)
        for step in self.job["steps"]:
            self._step(step)
        self.run.results[self.name] = self.status
        outputs = {name: filled(text, self.contexts) for name, text in self.job.get("outputs", {}).items()}
        self.run.outputs[self.name] = outputs
        shutil.rmtree(self.workspace)

    def _holds(self, condition: str | None, well: bool) -> bool:
        if condition is None:
            return well
        text = condition.strip().removeprefix("${{").removesuffix("}}").strip()
        asks = re.search(r"\b(cancelled|always|success)\(\)", text)
        return bool(Expression(text, self.contexts, well).value()) and (well or asks is not None)

    def _step(self, step: Values) -> None:
        self.contexts["job"] = {"status": self.status}
        if not self._holds(step.get("if"), self.status == "success"):
            return
        given = {name: filled(value, self.contexts) for name, value in step.get("with", {}).items()}
        if "uses" in step:
            action = step["uses"].partition("@")[0]
            actions: dict[str, Callable[[Values], None]] = {
                "actions/checkout": self._checkout,
                "./.github/actions/territory": self._installed,
                "actions/upload-artifact": self._keep,
                "github/codeql-action/upload-sarif": self._scan,
            }
            if action not in actions:
                raise Refused(f"action {action}")
            actions[action](given)
        else:
            self._script(step)

    def _git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.workspace, check=True, capture_output=True)

    def _checkout(self, given: Values) -> None:
        shallow = [] if str(given.get("fetch-depth")) == "0" else ["--depth", "1"]
        source = ["git", "clone", "--quiet", *shallow, f"file://{self.forge.remote}", str(self.workspace)]
        subprocess.run(source, check=True, capture_output=True)
        if self.rights["contents"] != "write" or given["persist-credentials"] != "true":
            self._git("remote", "set-url", "--push", "origin", "no-right-to-push")
        ref = given.get("ref", "")
        if ref:
            self._git("checkout", "--quiet", ref)
        elif self.github["event_name"] == "pull_request":
            self._git("checkout", "--quiet", "--detach", "origin/main")
            self._git("merge", "--quiet", "--no-ff", "--no-edit", f"origin/{self.github['head_ref']}")
        elif self.github["event_name"] == "merge_group":
            self._git("checkout", "--quiet", "--detach", self.github["sha"])

    def _installed(self, given: Values) -> None:
        if not (self.workspace / ".github/actions/territory/action.yml").is_file():
            raise Refused("the action of this repository")

    def _keep(self, given: Values) -> None:
        folder = Path(given["path"])
        self.run.artifacts[given["name"]] = {file.name: file.read_text() for file in sorted(folder.iterdir())}

    def _scan(self, given: Values) -> None:
        if self.rights["security-events"] != "write":
            raise Refused("code scanning without the right")
        files = sorted(Path(given["sarif_file"]).glob("*.sarif"))
        self.run.artifacts["code scanning"] = {file.name: file.read_text() for file in files}

    def _script(self, step: Values) -> None:
        shell = step.get("shell", self.workflow.get("defaults", {}).get("run", {}).get("shell"))
        if shell != "bash":
            raise Refused(f"shell {shell}")
        if "${{" in step["run"]:
            raise Refused("an expression inside of a script")
        said, summary = self.temporary / "output", self.temporary / "summary"
        said.write_text("")
        summary.write_text("")
        rights = json.dumps(self.rights)
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.workspace,
            env=os.environ
            | {"PATH": self.forge.path, "RUNNER_TEMP": str(self.temporary), "GITHUB_ACTIONS": "true"}
            | {"GITHUB_OUTPUT": str(said), "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_REPOSITORY": "acme/territories"}
            | {
                "GITHUB_SHA": self.github.get("sha", ""),
                "FORGE_RECORDS": str(self.forge.records),
                "FORGE_RIGHTS": rights,
            }
            | self.environment
            | {name: filled(value, self.contexts) for name, value in step.get("env", {}).items()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.run.log += done.stdout
        self.run.summary += summary.read_text()
        if done.returncode:
            self.status = "failure"
        if "id" in step:
            pairs = [line.partition("=") for line in said.read_text().splitlines()]
            self.steps[step["id"]] = {"outputs": {name: value for name, _, value in pairs}}
