"""The page of a plan in a real browser: it opens from a disk, asks nobody, and its parts are linked."""

import pytest
from axe_playwright_python.sync_playwright import Axe


def territories(rows):
    return [{before, after} for _, _, before, after, *_ in rows]


def spots(opened, kind, chart=0):
    """Give the middles of the marks of a layer in a chart that is drawn as SVG, in pixels of the window."""
    place = opened.page.locator(".chart:not(.map):visible").nth(chart)
    place.scroll_into_view_if_needed()
    script = "marks => marks.map(m => m.getBoundingClientRect()).map(b => [b.x + b.width / 2, b.y + b.height / 2])"
    return place.locator(f".{kind} path").evaluate_all(script)


def faults(page):
    found = Axe().run(page).response["violations"]
    return [(fault["id"], fault["nodes"][0]["html"]) for fault in found if fault["impact"] in ("serious", "critical")]


def test_it_opens_without_a_word_and_asks_for_nothing_but_itself(opened):
    assert opened.page.locator(".chart canvas, .chart svg").count() == len(opened.page.query_selector_all(".chart"))
    assert opened.said == []
    assert opened.asked == [opened.file.as_uri()]
    assert opened.dialogs == []


def test_a_click_on_a_bar_shows_the_changes_of_that_territory_and_marks_it_everywhere(fresh):
    (x, y), *_ = spots(fresh, "layer_0_marks", chart=1)
    fresh.page.mouse.click(x, y)

    assert fresh.page.locator("#territory").input_value() == "large-east"
    assert fresh.rows()
    assert all("large-east" in of for of in territories(fresh.rows()))
    assert fresh.page.locator("tr.chosen th").all_text_contents() == ["large-east", "jane.doe"]
    shown = fresh.page.locator(".chart:not(.map)").nth(2).locator(".layer_0_marks path")
    assert shown.evaluate_all("marks => marks.map(mark => Number(mark.getAttribute('opacity')) > 0.1)") == [True, False]


def test_a_click_on_an_account_of_the_map_chooses_its_territory(fresh):
    canvas = fresh.page.locator(".map canvas").nth(1)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    for x in range(4, int(box["width"]), 7):
        fresh.page.mouse.click(box["x"] + x, box["y"] + 0.55 * box["height"])
        if fresh.page.locator("#territory").input_value():
            break

    chosen = fresh.page.locator("#territory").input_value()
    assert chosen.startswith("large-")
    assert all(chosen in of for of in territories(fresh.rows()))


def test_the_keyboard_alone_chooses_a_territory_and_lets_it_go(fresh):
    fresh.page.locator("#territory").focus()
    fresh.page.keyboard.type("small-west")
    fresh.page.keyboard.press("Tab")
    rows = fresh.rows()
    fresh.page.keyboard.press("Enter")

    assert rows
    assert all("small-west" in of for of in territories(rows))
    assert fresh.page.locator("#territory").input_value() == ""
    assert len(fresh.rows()) > len(rows)


def test_a_segment_hides_the_others(fresh):
    fresh.page.locator("#segment").select_option("small")

    assert fresh.page.locator("section[data-segment]:visible h2").all_text_contents() == ["small"]
    assert all(name.startswith("small") for of in territories(fresh.rows()) for name in of - {"–"})


def test_a_heading_sorts_up_and_down(fresh):
    heading = fresh.page.locator("#changes thead button", has_text="to")
    heading.first.click()
    up = [row[3] for row in fresh.rows()]
    heading.first.click()
    down = [row[3] for row in fresh.rows()]

    assert up == sorted(up)
    assert down == sorted(up, reverse=True)
    assert fresh.page.locator("#changes th[aria-sort=descending]").text_content() == "to"


def test_an_account_that_is_called_as_a_script_is_found_as_text_and_does_nothing(fresh, hostile):
    fresh.page.locator("#words").fill("<img")

    assert [row[0] for row in fresh.rows()] == [hostile]
    assert fresh.page.locator("img").count() == 0
    assert (fresh.dialogs, fresh.said) == ([], [])


@pytest.mark.parametrize(("scheme", "paper"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(22, 28, 35)")])
def test_axe_finds_no_serious_fault(fresh, scheme, paper):
    fresh.page.emulate_media(color_scheme=scheme)

    assert fresh.page.locator("main > section").first.evaluate("e => getComputedStyle(e).backgroundColor") == paper
    assert faults(fresh.page) == []


def test_charts_go_dark_with_the_page_and_are_light_on_paper(fresh):
    def letters():
        return fresh.page.locator(".chart .mark-text text").first.evaluate("e => getComputedStyle(e).fill")

    light = letters()
    fresh.page.emulate_media(color_scheme="dark")
    dark = letters()
    fresh.page.emulate_media(color_scheme="dark", media="print")

    assert (light, dark) == ("rgb(27, 37, 48)", "rgb(232, 237, 242)")
    assert letters() == light


def test_a_narrow_screen_needs_no_scrolling_sideways(fresh):
    fresh.page.set_viewport_size({"width": 360, "height": 800})

    assert fresh.page.evaluate("document.documentElement.scrollWidth") == 360
    widths = fresh.page.locator(".chart > *, .chart svg").evaluate_all(
        "all => all.map(e => e.getBoundingClientRect().right)"
    )
    assert max(widths) <= 360


def test_it_prints_on_paper_without_its_controls(fresh):
    fresh.page.emulate_media(media="print")

    assert fresh.page.locator("nav:visible, .controls:visible").count() == 0
    assert fresh.page.pdf(format="A4").startswith(b"%PDF")


def test_charts_are_drawn_as_wide_as_the_paper_while_it_prints(fresh):
    def widest():
        right = "all => all.map(drawing => drawing.getBoundingClientRect().right)"
        return max(fresh.page.locator(".chart svg, .chart canvas").evaluate_all(right))

    before = widest()
    fresh.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    on_paper = widest()
    fresh.page.evaluate("window.dispatchEvent(new Event('afterprint'))")

    assert on_paper <= 688 < before
    assert widest() == before
