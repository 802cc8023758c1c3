import re
import xml.etree.ElementTree as ET

import polars as pl
import pytest

from terraform_like.plan.facts import Facts
from terraform_like.report.pictures import picture
from terraform_like.report.told.plan import told_plan

TEXT = {**dict.fromkeys(("account", "segment", "before", "after", "had", "has", "territory"), pl.String)}


@pytest.fixture
def placed(plan):
    """The plan with two accounts of each town on the map."""
    towns = [t.name for t in plan.territories if t.segment == "town"]
    rows = [
        (f"A-{n}", "town", towns[n % 4], towns[n % 4], None, None, towns[n % 4], False, None, 30.0 + n, -120.0 + 6 * n)
        for n in range(8)
    ]
    schema = {**TEXT, "protected": pl.Boolean, **dict.fromkeys(("pipeline", "latitude", "longitude"), pl.Float64)}
    return told_plan(plan, Facts(pl.DataFrame(rows, schema=schema, orient="row"), (), {}, {}))


def test_an_svg_names_the_plan_its_segments_and_every_book_and_is_the_same_each_time(placed):
    drawn = picture(placed, "svg")
    words = {e.text for e in ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")}

    assert {"fy27", "metro", "city", "town", *(t.name for t in placed.plan.territories)} <= words
    assert {"before", "after", "after, outside its band", "band, with the fair share"} <= words
    assert picture(placed, "svg") == drawn


def test_a_picture_refers_to_nothing_outside_itself(placed):
    drawn = picture(placed, "svg").decode()

    assert set(re.findall(r"https?://[^\"\s]*", drawn)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert re.findall(r"<(?:script|image|foreignObject)|href=", drawn) == []


def test_a_png_is_one_without_a_map_too(plan):
    assert picture(told_plan(plan), "png").startswith(b"\x89PNG\r\n")
