"""The page of one person in a real browser: no script, no request, no fault, and text where a name is a script."""

from axe_playwright_python.sync_playwright import Axe

from terraform_like.report.page.person import person_html
from terraform_like.report.told.person import told_person


def test_the_page_of_a_person_is_silent_fits_a_phone_and_has_no_serious_fault(browser, told, tmp_path, hostile):
    owner = next(c.after.owner for c in told.plan.changes if c.account == hostile)
    file = tmp_path / "person.html"
    file.write_text(person_html(told_person(told, owner)), encoding="utf-8")
    page = browser.new_page(viewport={"width": 360, "height": 800}, color_scheme="dark")
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())

    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.locator("tbody th", has_text=hostile).count() >= 1
    assert page.locator("figure svg.marks").count() == 1
    found = Axe().run(page).response["violations"]
    assert [fault["id"] for fault in found if fault["impact"] in ("serious", "critical")] == []
    assert (said, asked) == ([], [file.as_uri()])
    page.close()
