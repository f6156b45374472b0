"""What a person on call reads in two seconds: what stopped it, what was found, what was not looked at."""

from pathlib import Path

from msgspec.structs import replace

from ci_steps.documents import Plan
from tests.fakes.runs import WAIVER, files_of, finished, put, rollout, written
from tests.fakes.told_runs import PARITY, refused, taken_back


def banner(page: str) -> str:
    return page[page.index("<header>") : page.index("</header>")]


def test_every_step_stands_in_one_line_below_the_verdict(tmp_path: Path) -> None:
    said = banner(written(refused(tmp_path)))

    gates = said.partition('class="gates">')[2].partition("</p>")[0]
    for gate in ("✔ scan-model", "✘ check-metrics", "✘ load-test", "· push-image", "· rollout"):
        assert f">{gate} <" in gates
    assert gates.count("<span") == 11
    for step in ("✔ plan", "✔ fetch-model", "· build-image"):
        assert f">{step} <" in gates
    assert said.index("refused: the model may not serve") < said.index("✘ load-test ") < said.index("<ul>")


def test_the_first_of_every_check_that_stops_it_is_told_and_the_rest_is_counted(tmp_path: Path) -> None:
    said = banner(written(refused(tmp_path)))

    for check in (
        "check-metrics.versus",
        "check-interface.input",
        "integration-test.witness",
        "load-test.p99",
    ):
        assert f"{check}</a>" in said
    assert said.count("load-test.versus</a>") == 2
    assert "and 4 more, below" in said


def test_each_step_counts_what_it_found_by_verdict_and_what_it_did_not_look_at(tmp_path: Path) -> None:
    page = written(refused(tmp_path))

    steps = page.partition("<h2>Steps</h2>")[2].partition("</section>")[0]
    metrics = steps.partition('href="#check-metrics"')[2].partition("</tr>")[0]
    assert 'title="2 refused">✘ 2 <' in metrics
    assert 'title="14 passed">✔ 14 <' in metrics
    scan = steps.partition('href="#scan-model"')[2].partition("</tr>")[0]
    assert "1 not checked" in scan


def test_what_is_waived_is_counted_as_a_warning(tmp_path: Path) -> None:
    page = written(finished(tmp_path, files_of(140), waivers=(WAIVER,)))

    steps = page.partition("<h2>Steps</h2>")[2].partition("</section>")[0]
    metrics = steps.partition('href="#check-metrics"')[2].partition("</tr>")[0]
    assert "✘" not in metrics
    assert "?" not in metrics
    assert 'class="warned" title=' in metrics


def test_a_release_taken_back_for_its_answers_says_so_first(tmp_path: Path) -> None:
    page = written(taken_back(tmp_path))

    assert "!</span><strong>rolled back: the service is as it was before" in banner(page)
    assert banner(page).index("rollout.parity") < banner(page).index("read back from the platform")
    assert "production-5 answers" in banner(page)
    section = page.partition('id="rollout"')[2].partition("</section>")[0]
    assert "What the live address answered to golden rows" in section
    assert "<code>rollout.parity</code>" in section
    assert "t17: /label" in section


def test_a_live_release_whose_answers_differ_is_not_shown_as_well(tmp_path: Path) -> None:
    run = finished(tmp_path)
    put(run, rollout(run.read(Plan), result="already-live", findings=(PARITY,)), after=34)

    top = banner(written(run))

    assert "✘</span><strong>already live: production-7 serves" in top
    assert "rollout.parity" in top
    assert "exit code 4" in top


def test_what_passed_in_a_gate_that_refuses_is_folded_and_counted(tmp_path: Path) -> None:
    page = written(refused(tmp_path))

    gate = page.partition('<details id="check-metrics" open>')[2].partition('<details id="check-interface"')[
        0
    ]
    shown, _, folded = gate.partition("<details><summary>")
    assert (shown.count("<tr><td"), shown.count("✔ passed")) == (2, 0)
    assert folded.startswith("14 passed</summary>")
    assert folded.count("✔ passed") == 14


def test_the_address_that_a_model_was_asked_for_by_stands_at_the_top(tmp_path: Path) -> None:
    run = finished(tmp_path)
    put(run, replace(run.read(Plan), asked="mlflow:models/flowers@champion"))

    assert "<dt>asked for as</dt><dd><code>mlflow:models/flowers@champion</code>" in banner(written(run))
    assert "asked for as" not in banner(written(finished(tmp_path / "store")))
