"""A `gh` that keeps comments, issues, pull requests and statuses in a folder, and refuses what it does not know."""

import json
import os
import re
import sys
from pathlib import Path

RECORDS = Path(os.environ["FORGE_RECORDS"])
RIGHTS = json.loads(os.environ["FORGE_RIGHTS"])
BOT = {"login": "github-actions[bot]"}


def records(kind):
    file = RECORDS / f"{kind}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else []


def write(kind, right, content):
    if RIGHTS.get(right) != "write":
        sys.exit(f"gh: the token may not write {right} (HTTP 403)")
    (RECORDS / f"{kind}.json").write_text(json.dumps(content), encoding="utf-8")


def added(kind, right, record):
    there = records(kind)
    write(kind, right, [*there, {"number": len(there) + 1, "user": BOT} | record])


def changed(kind, right, number, change):
    write(kind, right, [one | change if one["number"] == int(number) else one for one in records(kind)])


def begins(kind):
    return [one for one in kind if one["user"] == BOT and one["body"].startswith(os.environ["MARKER"])]


def options(arguments):
    """Split arguments into words, and options with their values; options of several values are lists."""
    flags = {"--paginate", "--silent", "--auto", "--squash", "--disable-auto"}
    words, given, rest = [], {}, list(arguments)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            words.append(word)
        elif word in flags:
            given[word] = True
        else:
            given.setdefault(word, []).append(rest.pop(0))
    return words, given


def fields(given):
    pairs = [pair.partition("=") for pair in [*given.get("--field", []), *given.get("--raw-field", [])]]
    return {
        name: Path(value[1:]).read_text(encoding="utf-8") if value.startswith("@") else value
        for name, _, value in pairs
    }


def api(words, given):
    path, query = words[1].removeprefix("repos/acme/territories/"), re.sub(r"\s+", " ", given.get("--jq", [""])[0])
    method = given.get("--method", ["GET"])[0]
    if query == '.[] | select(.user.login == "github-actions[bot]" and (.body | startswith(env.MARKER))) | .id':
        pull = re.fullmatch(r"issues/(\d+)/comments", path)[1]
        return [one["number"] for one in begins(records("comments")) if one["pull"] == pull]
    if query == ".[] | select(.body | startswith(env.MARKER)) | .number":
        assert path == "issues?state=open&creator=github-actions%5Bbot%5D", path
        return [one["number"] for one in begins(records("issues")) if one["state"] == "open"]
    if method == "POST" and (match := re.fullmatch(r"issues/(\d+)/comments", path)):
        return added("comments", "pull-requests", fields(given) | {"pull": match[1]})
    if method == "PATCH" and (match := re.fullmatch(r"issues/comments/(\d+)", path)):
        return changed("comments", "pull-requests", match[1], fields(given))
    if method == "POST" and (match := re.fullmatch(r"statuses/([0-9a-f]{40})", path)):
        return added("statuses", "statuses", fields(given) | {"commit": match[1]})
    sys.exit(f"gh: this forge does not know {method} {path} {query}")


def main(arguments):
    words, given = options(arguments)
    body = {"body": Path(given["--body-file"][0]).read_text(encoding="utf-8")} if "--body-file" in given else {}
    title = {"title": given["--title"][0]} if "--title" in given else {}
    match words:
        case ["api", _]:
            return api(words, given)
        case ["issue", "create"]:
            return added("issues", "issues", title | body | {"state": "open"})
        case ["issue", "edit", number]:
            return changed("issues", "issues", number, body)
        case ["issue", "close", number]:
            return changed("issues", "issues", number, {"state": "closed", "comment": given["--comment"][0]})
        case ["pr", "create"]:
            return added(
                "pulls", "pull-requests", title | body | {"head": given["--head"][0], "state": "open", "auto": ""}
            )
        case ["pr", "edit", number]:
            return changed("pulls", "pull-requests", number, body)
        case ["pr", "list"]:
            return [p["number"] for p in records("pulls") if (p["head"], p["state"]) == (given["--head"][0], "open")]
        case ["pr", "merge", number] if "--auto" in given:
            return changed("pulls", "contents", number, {"auto": given["--match-head-commit"][0]})
        case ["pr", "merge", number] if "--disable-auto" in given:
            return changed("pulls", "contents", number, {"auto": ""})
    sys.exit(f"gh: this forge does not know {arguments}")


sys.stdout.writelines(f"{line}\n" for line in main(sys.argv[1:]) or ())
