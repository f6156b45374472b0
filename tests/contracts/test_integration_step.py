"""The step over a service on loopback: what it asks, what it makes of the answers, what it leaves behind."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ci_steps.documents import IntegrationReport, InterfaceReport
from ci_steps.errors import InputError
from ci_steps.model.settings import IntegrationSettings, InterfaceSettings
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.model.wire import pretty
from ci_steps.model.witness import Witness
from ci_steps.selftest.case import Case
from ci_steps.selftest.generated_requests import stumbles
from ci_steps.selftest.integrated import pushed
from ci_steps.selftest.integration_test import CASES
from ci_steps.selftest.loopback import specimen_answer
from ci_steps.selftest.specimen import INTERFACE, PREDICTOR, Specimen, evaluations, golden, jsonl, model_files
from ci_steps.selftest.spoilt_services import MIXING_MODEL, SENT, crash, silence, takes_more
from ci_steps.steps.integration_test import IntegrationTest
from tests.fakes.containers import LoopbackContainer, LoopbackService, Reply
from tests.fakes.progress import Told


def report(service: LoopbackService, root: Path, specimen: Specimen | None = None) -> IntegrationReport:
    return IntegrationTest(containers=service, progress=Told()).run(pushed(specimen or Specimen(), root))


def found(report: IntegrationReport, check: str) -> list[Finding]:
    return [finding for finding in report.findings if finding.check == f"integration-test.{check}"]


def only(report: IntegrationReport, check: str) -> Finding:
    [finding] = found(report, check)
    return finding


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.check} {case.wanted.value} {case.title}")
def test_the_gate_answers_its_selftest(case: Case, tmp_path: Path) -> None:
    assert case.answered(tmp_path) is case.wanted


def test_a_sound_container_passes_with_evidence_for_every_check(tmp_path: Path) -> None:
    tested = report(LoopbackService(), tmp_path)

    assert tested.verdict is Verdict.PASSED
    assert tested.rows == 100
    assert [f.observed for f in found(tested, "golden")] == [
        "120 rows to choose from",
        "100 of 100 rows answered the same",
        "100 of 100 rows answered the same",
    ]
    assert only(tested, "interface").observed == "200 of 200 answers obey it"
    assert only(tested, "metrics").observed == "it moved by 101 while 101 requests were sent"
    assert len(found(tested, "isolation")) == 4
    assert len(found(tested, "health")) == 2


def test_the_same_release_twice_leaves_the_same_report(tmp_path: Path) -> None:
    one = report(LoopbackService(), tmp_path / "one")
    two = report(LoopbackService(), tmp_path / "two")

    assert one.digest == two.digest


def test_a_container_that_ends_is_told_with_its_reason_and_its_log_is_kept(tmp_path: Path) -> None:
    log = (
        '{"level": "info", "event": "listening", "port": 8080}\n'
        '{"level": "error", "event": "model does not load", "reason": "model/model.joblib is not a model"}\n'
        '{"level": "info", "event": "stopped", "exit_code": 3}\n'
    )
    tested = report(LoopbackService(ended=3, log=log), tmp_path)

    health = only(tested, "health")
    assert {f.check for f in tested.findings} == {"integration-test.health", "integration-test.raw"}
    assert health.verdict is Verdict.REFUSED
    assert "exit code 3: model does not load: model/model.joblib is not a model" in health.observed
    assert health.witness is not None
    assert (tmp_path / health.witness).read_text() == log
    assert tested.not_checked == ("everything but its health and the raw model: it was never ready",)


def test_a_service_that_is_not_ready_in_time_is_refused_with_what_it_said_last(tmp_path: Path) -> None:
    loading = Reply.json({"detail": "the model is being loaded"}, 503)
    slow = Specimen(plan={"integration": IntegrationSettings(ready_seconds=0.2)})
    tested = report(LoopbackService(routes={"GET /health/ready": lambda _: loading}), tmp_path, slow)

    assert "not ready: status 503: the model is being loaded" in only(tested, "health").observed


def test_differing_rows_are_named_by_id_and_place_without_their_requests(tmp_path: Path) -> None:
    def wrong(request: Any) -> Any:
        return specimen_answer(request) | ({"score": 0.5} if request["text"].endswith("t70") else {})

    singly, listed = found(report(LoopbackService(answers=wrong), tmp_path), "golden")[1:]

    assert singly.observed == (
        "1 of 100 rows differ: t70 at /score: expected 0.9, observed 0.5 (off by 0.4, relative 0.44)"
    )
    assert singly.observed == listed.observed
    assert "good t70" not in singly.observed


FAILED = (
    '{"level": "error", "event": "the model failed", "exception": "ValueError",'
    ' "message": "columns are missing: {\'alcohol\'}"}\n'
    '{"level": "error", "event": "request", "status": 500}\n'
)


def test_a_model_that_fails_at_every_row_is_told_as_such_with_its_last_exception(tmp_path: Path) -> None:
    tested = report(LoopbackService(answers=crash, log=FAILED), tmp_path)

    for finding in found(tested, "golden")[1:]:
        assert finding.next == (
            "the model failed in the container: ValueError: columns are missing: {'alcohol'};"
            " see integration-test/container.log;"
            " trained with column names that the request does not have?"
        )
        assert finding.witness == "integration-test/container.log"
    assert only(tested, "evaluations").next == "see the golden rows above for why they were not answered"
    assert (tmp_path / "integration-test/container.log").read_text() == FAILED


def test_of_other_failures_column_names_are_not_blamed(tmp_path: Path) -> None:
    log = '{"level": "error", "event": "the model failed", "exception": "MemoryError"}\n'
    tested = report(LoopbackService(answers=crash, log=log), tmp_path)

    assert found(tested, "golden")[1].next == (
        "the model failed in the container: MemoryError; see integration-test/container.log"
    )


def test_the_kept_log_still_has_the_failure_that_later_lines_push_out(tmp_path: Path) -> None:
    class Forgetful(LoopbackContainer):
        def logs(self) -> str:
            return next(looks)

    class ForgetfulService(LoopbackService):
        @contextmanager
        def started(self, *args: Any, **more: Any) -> Iterator[LoopbackContainer]:
            with LoopbackService.started(self, *args, **more) as container:
                yield Forgetful(container.address, container.service)

    later = FAILED.splitlines()[1] + '\n{"level": "warning", "event": "request"}\n'
    looks = chain([FAILED], repeat(later))
    report(ForgetfulService(answers=crash), tmp_path)

    kept = (tmp_path / "integration-test/container.log").read_text()
    assert kept == FAILED + '{"level": "warning", "event": "request"}\n'


def test_the_server_is_told_to_log_what_exceptions_say(tmp_path: Path) -> None:
    class Noting(LoopbackService):
        @contextmanager
        def started(self, *args: Any, env: dict[str, str], **more: Any) -> Iterator[LoopbackContainer]:
            given.update(env)
            with LoopbackService.started(self, *args, env=env, **more) as container:
                yield container

    given: dict[str, str] = {}
    report(Noting(), tmp_path)

    assert given == {"IMAGE_DIGEST": "sha256:" + "3" * 64, "LOG_MESSAGES": "1"}


ANEW = "answer golden.jsonl anew in the locked environment, and publish what holds there"


@pytest.mark.parametrize(
    ("raw", "container", "hint"),
    [
        ("0.9", 0.8, "mend the server: the raw model answers these rows as golden.jsonl says"),
        ("0.8", 0.8, f"the server is sound: the raw model answers these rows as it does; {ANEW}"),
        ("0.7", 0.8, f"the raw model differs as well, see integration-test.raw; {ANEW}"),
    ],
)
def test_whose_fault_other_answers_are_is_told_by_the_raw_model(
    raw: str, container: float, hint: str, tmp_path: Path
) -> None:
    def answers(request: Any) -> Any:
        answer = specimen_answer(request)
        return answer | {"score": container if answer["score"] == 0.9 else 0.1}

    files = model_files(**{"model/predictor.py": PREDICTOR.replace("0.9 if", f"{raw} if").encode()})

    tested = report(LoopbackService(answers=answers, files=files), tmp_path)

    assert {f.verdict for f in found(tested, "golden")[1:]} == {Verdict.REFUSED}
    assert {f.next for f in found(tested, "golden")[1:]} == {hint}
    wanted = Verdict.PASSED if raw == "0.9" else Verdict.REFUSED
    assert {f.verdict for f in found(tested, "raw")} == {wanted}


def test_a_raw_model_that_mixes_up_a_list_is_told_so(tmp_path: Path) -> None:
    tested = report(LoopbackService(files=model_files(**{"model/predictor.py": MIXING_MODEL})), tmp_path)

    singly, listed = found(tested, "raw")
    assert (singly.verdict, listed.verdict) == (Verdict.PASSED, Verdict.REFUSED)
    assert listed.next.startswith("the model itself answers a row otherwise where others come with it")


def test_what_the_live_image_and_the_candidate_made_of_a_witness_is_kept_beside_it(tmp_path: Path) -> None:
    name = "witnesses/1-request.json"
    run = pushed(Specimen(baseline=model_files()), tmp_path, witnesses=(name,))
    run.write_bytes(name, pretty(SENT))
    live = LoopbackService(takes=takes_more)
    started = LoopbackService(others={f"127.0.0.1:5000/specimen@sha256:{'1' * 64}": live})

    tested = IntegrationTest(containers=started, progress=Told()).run(run)

    finding = only(tested, "witness")
    assert finding.verdict is Verdict.REFUSED
    assert finding.observed.startswith(
        'live: answered {"label": "positive", "score": 0.9}; candidate: status 422'
    )
    assert finding.witness == "integration-test/1-request.json"
    kept = json.loads((tmp_path / finding.witness).read_bytes())
    assert kept == {
        "witness": name,
        "request": {"text": "good", "lang": "en"},
        "live": {
            "status": 200,
            "answer": {"label": "positive", "score": 0.9},
            "why": "",
            "broken": "",
        },
        "candidate": {
            "status": 422,
            "answer": None,
            "why": "status 422: a request is not as the interface says",
            "broken": "status 422: a request is not as the interface says",
        },
    }


def test_the_live_image_is_not_started_where_nothing_is_to_be_sent_to_it(tmp_path: Path) -> None:
    run = pushed(Specimen(baseline=model_files()), tmp_path)
    gone = LoopbackService(absent="manifest unknown")
    started = LoopbackService(others={f"127.0.0.1:5000/specimen@sha256:{'1' * 64}": gone})

    assert IntegrationTest(containers=started, progress=Told()).run(run).verdict is Verdict.PASSED


def test_rows_that_are_all_refused_name_the_first_field(tmp_path: Path) -> None:
    def refuse(_: bytes) -> Reply:
        rows = [{"index": 0, "pointer": "/alcohol", "reason": 'value is not of type "number"'}]
        return Reply.json({"detail": "request 0 at /alcohol", "problems": rows}, 422)

    tested = report(LoopbackService(routes={"POST /predict": refuse}), tmp_path)

    for finding in found(tested, "golden")[1:]:
        assert finding.next == (
            "interface.json, or `features` in model.yaml, asks for other requests than golden.jsonl holds;"
            ' first refused: /alcohol (value is not of type "number")'
        )
        assert finding.witness is None
    assert only(tested, "evaluations").next == "see the golden rows above for why they were not answered"


def test_a_few_failing_rows_keep_the_hint_of_differing_ones(tmp_path: Path) -> None:
    def some(request: Any) -> Any:
        return crash(request) if request["text"].endswith("t70") else specimen_answer(request)

    singly, listed = found(report(LoopbackService(answers=some, log=FAILED), tmp_path), "golden")[1:]

    assert singly.observed == "1 of 100 rows differ: t70 status 500: no answer to dict"
    assert singly.next == "mend the server: the raw model answers these rows as golden.jsonl says"
    assert "the model failed in the container" in listed.next  # one such row fails the whole list


def test_after_a_few_silences_the_rest_is_not_sent(tmp_path: Path) -> None:
    def drop(_: bytes) -> Reply:
        asked.append(1)
        raise ConnectionAbortedError

    asked: list[int] = []
    tested = report(LoopbackService(routes={"POST /predict": drop}), tmp_path)

    assert found(tested, "golden")[1].observed.startswith("100 of 100 rows differ: t70 the connection failed")
    assert found(tested, "golden")[1].next == (
        "the container did not answer: see integration-test/container.log"
    )
    assert (tmp_path / "integration-test/container.log").exists()
    assert len(asked) < 100


def test_a_service_that_stops_being_ready_under_bad_requests_is_refused(tmp_path: Path) -> None:
    ready = threading.Event()
    ready.set()

    def health(_: bytes) -> Reply:
        return Reply.json({}, 200 if ready.is_set() else 503)

    def predict(body: bytes) -> Reply:
        if not body:
            ready.clear()
        return Reply(400, b"")

    routes = {"GET /health/ready": health, "POST /predict": predict}
    tested = report(LoopbackService(routes=routes), tmp_path)

    before, after = found(tested, "health")
    assert (before.verdict, after.verdict) == (Verdict.PASSED, Verdict.REFUSED)
    assert (tmp_path / "integration-test" / "container.log").exists()


def test_the_log_of_an_earlier_try_does_not_stay(tmp_path: Path) -> None:
    report(LoopbackService(ended=3, log="gone"), tmp_path)

    report(LoopbackService(), tmp_path)

    assert not (tmp_path / "integration-test" / "container.log").exists()


def test_ctrl_c_in_the_middle_ends_the_container(tmp_path: Path) -> None:
    class Interrupted(Told):
        def advance(self, done: int, total: int, unit: str) -> None:
            raise KeyboardInterrupt(f"{done} of {total} {unit}")

    threads = threading.active_count()
    with pytest.raises(KeyboardInterrupt, match="1 of 100 rows"):
        IntegrationTest(containers=LoopbackService(), progress=Interrupted()).run(
            pushed(Specimen(), tmp_path)
        )

    assert threading.active_count() <= threads + 1  # a caller's connection may still be closing


def test_an_answer_as_witness_is_not_sent_and_said_so(tmp_path: Path) -> None:
    run = pushed(Specimen(), tmp_path, witnesses=("witnesses/1-answer.json",))
    witness = Witness(
        kind="answer",
        value={"label": "neutral"},
        accepted_by="candidate",
        rejected_by="baseline",
        because="neutral is new",
        pointer="/output/properties/label/enum",
    )
    run.write_bytes("witnesses/1-answer.json", pretty(witness))

    tested = IntegrationTest(containers=LoopbackService(), progress=Told()).run(run)

    assert not found(tested, "witness")
    assert tested.not_checked == (
        "witnesses/1-answer.json: no request of today's callers, so it is not sent",
    )


def test_a_witness_that_is_gone_is_an_input_error(tmp_path: Path) -> None:
    run = pushed(Specimen(), tmp_path)
    report = run.read(InterfaceReport)
    run.write(msgspec.structs.replace(report, witnesses=("witnesses/1-request.json",)))

    with pytest.raises(InputError, match=r"1-request\.json cannot be read"):
        IntegrationTest(containers=LoopbackService(), progress=Told()).run(run)


def test_a_model_without_an_interface_is_an_input_error(tmp_path: Path) -> None:
    bare = Specimen(files=model_files(**{"interface.json": None}))

    with pytest.raises(InputError, match=r"has no interface\.json"):
        report(LoopbackService(), tmp_path, bare)


def test_no_golden_rows_at_all_are_inconclusive_and_never_a_pass(tmp_path: Path) -> None:
    bare = Specimen(files=model_files(**{"golden.jsonl": None}))
    tested = report(LoopbackService(), tmp_path, bare)

    for check in ("golden", "evaluations", "interface", "metrics"):
        assert max(f.verdict for f in found(tested, check)) is Verdict.INCONCLUSIVE, check


def test_more_rows_than_one_list_holds_are_sent_in_several(tmp_path: Path) -> None:
    rows = evaluations(1300)
    many = model_files(**{"evaluations.jsonl": jsonl(rows), "golden.jsonl": jsonl(golden(rows, 1200))})
    specimen = Specimen(files=many, plan={"integration": IntegrationSettings(rows=1100)})

    tested = report(LoopbackService(), tmp_path, specimen)

    assert only(tested, "metrics").observed == "it moved by 1103 while 1103 requests were sent"
    assert found(tested, "golden")[2].observed == "1100 of 1100 rows answered the same"


def test_a_failure_at_one_boundary_value_is_refused_with_request_and_exception(
    tmp_path: Path,
) -> None:
    log = '{"level": "error", "event": "the model failed", "exception": "ValueError", "message": "none"}\n'
    tested = report(LoopbackService(answers=stumbles, log=log), tmp_path)

    finding = only(tested, "generated")
    assert finding.verdict is Verdict.REFUSED
    assert finding.observed == '1 of 40 are not; {"text": ""}: status 500: empty vocabulary'
    assert finding.next.endswith("(the last failure in its log: ValueError: none)")
    requests = (tmp_path / "integration-test/requests.jsonl").read_text().splitlines()
    assert len(set(requests)) == 40
    assert finding.witness is not None
    kept = json.loads((tmp_path / finding.witness).read_bytes())
    name, _, line = kept["witness"].rpartition(":")
    assert (tmp_path / name).read_text().splitlines()[int(line) - 1] == '{"text":""}'
    assert (kept["candidate"]["status"], kept["live"]["why"]) == (500, "not asked")


def test_what_the_candidate_does_not_answer_is_asked_of_the_live_image_alone(tmp_path: Path) -> None:
    asked = []

    def note(request: Any) -> Any:
        asked.append(request)
        return specimen_answer(request)

    live = LoopbackService(answers=note)
    started = LoopbackService(answers=stumbles, others={f"127.0.0.1:5000/specimen@sha256:{'1' * 64}": live})

    tested = report(started, tmp_path, Specimen(baseline=model_files()))

    assert asked == [{"text": ""}]
    assert "live: answered" in only(tested, "generated").observed
    assert only(tested, "generated").next.startswith("answer it as the live release does")


def test_requests_keep_to_the_schema_that_callers_go_by_and_another_model_has_others(tmp_path: Path) -> None:
    narrow = {**INTERFACE["input"], "properties": {"text": {"type": "string", "maxLength": 9}}}
    before = model_files(**{"interface.json": json.dumps(INTERFACE | {"input": narrow}).encode()})

    def sent(name: str, **how: Any) -> list[str]:
        report(LoopbackService(), tmp_path / name, Specimen(**how))
        lines = (tmp_path / name / "integration-test/requests.jsonl").read_text().splitlines()
        return [json.loads(line)["text"] for line in lines]

    first = sent("first")
    assert max(map(len, first)) == 1000
    assert max(map(len, sent("second", baseline=before))) == 9
    forward = {"interface": InterfaceSettings(policy="forward")}
    assert sent("forward", baseline=before, plan=forward) == first
    assert sent("unreadable", baseline=model_files(**{"interface.json": b"{"})) == first
    assert sent("other", files=model_files(other=b"")) != first


def test_after_three_silences_to_generated_requests_the_rest_is_not_sent(tmp_path: Path) -> None:
    tested = report(LoopbackService(routes={"POST /predict": silence}), tmp_path)

    finding = only(tested, "generated")
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.observed.startswith("40 of 40 are not")


def test_requests_that_are_no_objects_are_sent_as_a_list_of_one(tmp_path: Path) -> None:
    numbers = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
    files = model_files(
        **{"interface.json": json.dumps(INTERFACE | {"input": numbers}).encode(), "golden.jsonl": None}
    )
    answer = {"label": "positive", "score": 0.9}
    service = LoopbackService(takes=lambda row: isinstance(row, list), answers=lambda _: answer)

    tested = report(service, tmp_path, Specimen(files=files))

    assert only(tested, "generated").observed == "40 of 40 generated requests are answered as promised"
