"""The line that stands for a whole document, beside its step: short enough for a terminal, and exact."""

import pytest

from ci_steps.documents import BuiltImage, Layer, LoadReport, PushedImage
from ci_steps.model.digest import Digest
from ci_steps.model.verdict import Finding, Verdict

IMAGE = Digest("5582e79178be" + "0" * 52)
PASSED = Finding(check="load-test.p50", verdict=Verdict.PASSED, observed="5 ms", rule="at most 10 ms")


def test_an_image_is_told_by_its_short_digest_so_that_its_size_has_room() -> None:
    layer = Layer(purpose="base", digest=IMAGE, size=37_500_000, media_type="application/tar")

    assert BuiltImage(image=IMAGE, layers=(layer,) * 4, labels={}).headline == (
        "image 5582e79178be from 4 layers, 150.0 MB"
    )


@pytest.mark.parametrize(
    ("sent", "told"),
    [(0, "nothing to send"), (2_400, "2.4 kB sent"), (2_200_000, "2.2 MB sent")],
)
def test_what_was_sent_is_told_in_a_unit_that_shows_it(sent: int, told: str) -> None:
    pushed = PushedImage(repository="127.0.0.1:5000/tweets", image=IMAGE, findings=(PASSED,), sent_bytes=sent)

    assert pushed.headline == f"127.0.0.1:5000/tweets@5582e79178be, {told}"


def test_many_requests_are_told_with_a_comma() -> None:
    assert LoadReport(findings=(PASSED,), sent=120_000).headline.startswith("120,000 requests, 0 failed")
    assert LoadReport(findings=(PASSED,), sent=1).headline.startswith("1 request, 0 failed")
