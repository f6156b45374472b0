"""Nothing that a run directory holds can do anything on the page, or drown it."""

import json
import time
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest

from ci_steps.documents import InterfaceReport, LoadReport, Report, ScanReport, UnitTestsReport
from ci_steps.model.verdict import Interval, Verdict
from ci_steps.report.markup import tag, text
from ci_steps.selftest.specimen import INTERFACE
from tests.fakes.runs import files_of, finding, finished, gated, planned, put, written
from tests.fakes.told_runs import refused

EVIL = "<script>alert(1)</script>\"' onload=alert(1) &lt;"
VOID = {"meta"}


class Elements(HTMLParser):
    """Reads a page strictly: every element that opens must close, in its order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_every_element_is_closed_and_every_id_is_there_once(tmp_path: Path) -> None:
    elements = Elements(written(finished(tmp_path)))

    ids = [attributes["id"] for _, attributes in elements.seen if "id" in attributes]
    assert elements.open == []
    assert len(ids) == len(set(ids))


def test_links_lead_to_a_place_on_the_page_or_to_a_file_beside_it(tmp_path: Path) -> None:
    run = finished(tmp_path)
    run.write_bytes("unit-tests.xml", b"<testsuite/>")
    report = msgspec.structs.replace(run.read(UnitTestsReport), junit="unit-tests.xml")
    put(run, report)

    elements = Elements(written(run)).seen

    ids = {attributes.get("id") for _, attributes in elements}
    links = [attributes["href"] or "" for name, attributes in elements if name == "a"]
    assert "./unit-tests.xml" in links
    assert all(link[1:] in ids if link.startswith("#") else (tmp_path / link).is_file() for link in links)


def test_the_page_loads_nothing_and_runs_nothing(tmp_path: Path) -> None:
    page = written(finished(tmp_path))

    names = {name for name, _ in Elements(page).seen}
    keys = {key for _, attributes in Elements(page).seen for key in attributes}
    assert names.isdisjoint({"script", "link", "img", "iframe", "object", "embed", "base", "form"})
    assert not any(key.startswith("on") or key in {"src", "style", "xlink:href"} for key in keys)
    assert "url(" not in page
    assert "@import" not in page


def test_markup_in_findings_names_and_reasons_is_inert(tmp_path: Path) -> None:
    run = planned(tmp_path, service=EVIL, environment=EVIL, registry=EVIL)
    evil = finding(EVIL, Verdict.REFUSED, subject=EVIL, observed=EVIL, rule=EVIL, where=EVIL)
    put(run, ScanReport(findings=(evil,), not_checked=(EVIL,)))

    page = written(run)

    assert Elements(page).open == []
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27; onload=alert(1) &amp;lt;" in page


def test_a_witness_is_shown_whole_and_inert(tmp_path: Path) -> None:
    interface = json.loads(json.dumps(INTERFACE))
    interface["output"]["properties"]["label"]["enum"].append("<script>alert(1)</script>")
    run = planned(tmp_path, files_of(90) | {"interface.json": json.dumps(interface).encode()})
    gated(run)

    page = written(run)

    assert (
        "<figcaption>witness <code>witnesses/1-answer.json</code>: an answer that only one side accepts"
        in page
    )
    assert "&quot;&lt;script&gt;alert(1)&lt;/script&gt;&quot;" in page
    assert "<script" not in page


@pytest.mark.parametrize("path", ["../secret", "/etc/hostname", "link", "gone.json", "javascript:alert(1)"])
def test_a_path_that_leads_out_of_the_run_directory_is_not_followed(tmp_path: Path, path: str) -> None:
    (tmp_path / "secret").write_text("hunter2")
    run = finished(tmp_path / "run")
    (run.root / "link").symlink_to(tmp_path / "secret")
    passed = (finding("check-interface.input"),)
    put(run, InterfaceReport(findings=passed, witnesses=(path,)))
    put(run, msgspec.structs.replace(run.read(LoadReport), locust=path))

    page = written(run)

    assert "hunter2" not in page
    assert f'href="./{path}"' not in page
    assert f"<code>{path}</code>: not in the run directory" in page


def test_letters_that_nobody_sees_or_that_turn_text_around_are_shown_as_escapes() -> None:
    assert text("a\x1b[2J\u202eb\x00") == "a\\x1b[2J\\u202eb\\x00"


def test_an_attribute_cannot_be_left() -> None:
    assert tag("p", class_='"><b>') == '<p class="&quot;&gt;&lt;b&gt;"></p>'


def test_thousands_of_long_findings_leave_a_small_page_that_says_what_it_left_out(tmp_path: Path) -> None:
    run = finished(tmp_path)
    interval = Interval(estimate=0.1, lower=0, upper=0.2, margin=0, confidence=0.95, n=9)
    run.write_bytes("w.json", b"<" * 90_000)
    long = finding("check-metrics.versus", subject="s" * 3000, observed="<" * 3000, rule="&" * 3000)
    many = (msgspec.structs.replace(long, interval=interval, witness="w.json"),) * 1000
    worst = finding("scan-model.global", Verdict.REFUSED, observed="the one that matters")
    for report in (run.read(kind) for kind in run.present if issubclass(kind, Report)):
        put(run, msgspec.structs.replace(report, findings=(*many, worst), not_checked=("n" * 999,) * 99))

    page = written(run)

    assert len(page.encode()) < 300_000
    assert "the one that matters" in page
    assert "… and 1,000 more, in scan-model.json" in page
    assert "(2,400 characters more)" in page
    assert "The worst 40 are drawn; 960 more stand in the tables." in page


def test_a_page_of_many_long_stages_draws_the_worst_and_counts_the_rest(tmp_path: Path) -> None:
    run = refused(tmp_path)
    report = run.read(LoadReport)
    second = report.stages[1].alone.timeline[0]
    parts = tuple(msgspec.structs.replace(second, from_s=n, worst_ms=n + 9, failed=1) for n in range(300))
    stage = report.stages[1]
    sides = {
        name: msgspec.structs.replace(getattr(stage, name), timeline=parts)
        for name in ("alone", "turns", "live")
    }
    many = (report.stages[0], *(msgspec.structs.replace(stage, **sides),) * 30)
    put(run, msgspec.structs.replace(report, stages=many))

    page = written(run)

    assert len(page.encode()) < 300_000
    assert "more stages, in load-test.json" in page


def test_every_picture_is_well_formed_xml(tmp_path: Path) -> None:
    page = written(refused(tmp_path))

    drawn = [part.partition("</figure>")[0] for part in page.split('<svg width="100%"')[1:]]
    assert len(drawn) > 20
    ET.fromstring(
        f"<html>{page.partition('<body>')[2].partition('</body>')[0]}</html>".replace(" open>", ">")
    )


def test_no_line_of_a_picture_is_cut_off_as_a_long_text_is(tmp_path: Path) -> None:
    elements = Elements(written(refused(tmp_path))).seen

    lines = [str(attributes["points"]) for name, attributes in elements if name.startswith("poly")]
    assert max(map(len, lines)) > 600
    assert all(set(line) <= set("0123456789, ") for line in lines)


def test_a_usual_page_leaves_nothing_out(tmp_path: Path) -> None:
    page = written(finished(tmp_path))

    assert len(page.encode()) < 80_000
    assert "more, in" not in page
    assert "characters more" not in page


def test_the_page_is_made_at_once(tmp_path: Path) -> None:
    run = finished(tmp_path)
    began = time.process_time()

    written(run)

    assert time.process_time() - began < 0.5
