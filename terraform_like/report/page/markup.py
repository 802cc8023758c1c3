"""What pages are made with: templates that escape, a policy of content, JSON that no script ends, and the library."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from importlib.resources import files
from typing import Any

from terraform_like.report.escape import escaped

MAPS_BY = (
    "Outlines: us-atlas (US Census Bureau) and world-atlas (Natural Earth), ISC licence. Charts: Vega, BSD licence."
)


def template(name: str) -> Any:
    """Give a template of the package that escapes what it is given."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("terraform_like.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        # What cannot be seen, or turns the direction of letters round, is written out; markup is our own.
        finalize=lambda value: escaped(value) if type(value) is str else value,
    )
    return environment.get_template(name)


def shipped(*parts: str) -> str:
    """Read a file of this room."""
    return files("terraform_like.report").joinpath(*parts).read_text(encoding="utf-8")


def library_script() -> str:
    """Give Vega-Embed with all that it needs as one script."""
    import vl_convert

    return vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")


def policy(scripts: Iterable[str], style: str) -> str:
    """Give a policy of content that lets these scripts and this style in, and nothing else."""
    said = " ".join(map(_digest, scripts)) or "'none'"
    return (
        f"default-src 'none'; script-src {said}; style-src {_digest(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def json_for_script(value: Any) -> str:
    """Write JSON that may stand in a script: no `<` ends it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
