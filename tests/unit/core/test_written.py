"""What a person wrote: every mistake with its place, and what each type takes, in words."""

from datetime import date
from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta

from ci_steps.errors import InputError
from ci_steps.model.settings import EnvironmentSettings, LoadSettings, Settings
from ci_steps.model.shape import Shape
from ci_steps.model.written import Place, Written

LINES: dict[Place, int] = {(): 1, ("load",): 7, ("load", "rate"): 8, ("environments", "staging"): 12}
SOUND = {
    "service": "tweets",
    "store": "store",
    "registry": "127.0.0.1:5000/tweets",
    "image": {"base": "python:3.11"},
    "load": {"rate": 100, "seconds": 10},
    "environments": {"staging": {"target": "docker", "address": "127.0.0.1:8080"}},
}


def written(**changes: Any) -> Written:
    return Written("release.yaml", SOUND | changes, LINES)


def test_what_is_sound_has_no_mistake() -> None:
    assert list(written().mistakes(Settings)) == []


def test_all_mistakes_are_told_and_not_only_the_first() -> None:
    load = {"rate": -1, "second": 10, "errors": "none"}

    told = [mistake.what for mistake in written(servise="x", load=load).mistakes(Settings)]

    assert told == [
        "expected `float` > 0.0 in load.rate",
        "unknown key 'second' in load",
        "expected `float`, got `str` in load.errors",
        "unknown key 'servise'",
    ]


def test_a_key_that_is_only_misspelt_is_not_called_missing_as_well() -> None:
    [mistake] = written(load={"rate": 1, "second": 10}).mistakes(Settings)

    assert mistake.hint == "did you mean 'seconds'?"


def test_a_key_that_is_missing_is_named_with_its_section() -> None:
    [mistake] = written(load={"stages": [{"rate": 1}]}).mistakes(Settings)

    assert mistake.place == ("load", "stages", 0)
    assert mistake.what == "the key 'seconds' is missing in load.stages[0]"


def test_an_unknown_key_that_is_near_to_none_shows_all_there_are() -> None:
    [mistake] = written(image={"base": "x", "quux": 1}).mistakes(Settings)

    assert mistake.hint == "known keys: base, platform"


def test_a_mistake_in_an_environment_names_the_environment() -> None:
    staging = {"target": "dokcer", "address": "127.0.0.1:8080"}

    [mistake] = written(environments={"staging": staging}).mistakes(Settings)

    assert mistake.what == "'dokcer' is not 'docker' in environments.staging.target"
    assert mistake.hint == "did you mean 'docker'?"


def test_a_line_of_ones_own_is_no_key() -> None:
    [mistake] = written(load=SOUND["load"] | {"where": "here"}).mistakes(Settings)  # type: ignore[operator]

    assert mistake.what == "unknown key 'where' in load"


def test_a_part_knows_its_line_and_what_was_not_given_stands_where_it_would() -> None:
    sheet = written()

    assert sheet.part(LoadSettings, ("load",)).where == "release.yaml:7"
    assert sheet.where(("load", "rate")) == "release.yaml:8"
    assert sheet.where(("load", "p95_ms")) == "release.yaml:7"
    assert not sheet.given(("load", "p95_ms"))


def test_a_part_with_a_mistake_is_not_sound_while_its_neighbours_are() -> None:
    good, bad = {"target": "docker", "address": "h:1"}, {"target": "docker"}
    sheet = written(environments={"staging": good, "production": bad})

    sound = sheet.sound_items(EnvironmentSettings, ("environments",))

    assert [place for place, _ in sound] == [("environments", "staging")]
    assert sheet.sound(EnvironmentSettings, ("environments", "production")) is None
    with pytest.raises(InputError, match=r"release\.yaml"):
        sheet.part(EnvironmentSettings, ("environments", "production"))


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (str, "text"),
        (Annotated[float, Meta(gt=0)], "a number above 0"),
        (Annotated[Annotated[float, Meta(ge=0)] | None, Meta(title="x")], "a number at least 0, or nothing"),
        (Annotated[int, Meta(ge=1, le=32)], "a whole number at least 1 and at most 32"),
        (Annotated[str, Meta(min_length=3)], "text of 3 letters or more"),
        (Annotated[str, Meta(pattern="^a$")], "text that matches ^a$"),
        (Literal["higher", "lower"], "higher or lower"),
        (date, "a day, as 2026-12-31"),
        (tuple[str, ...], "a list; each item: text"),
        (dict[str, Any], "names; each with anything"),
    ],
)  # fmt: skip
def test_what_a_type_takes_is_told_in_words(kind: Any, words: str) -> None:
    assert Shape.of(kind).takes == words


def test_every_key_of_release_yaml_says_what_it_means() -> None:
    def silent(kind: Any, name: str = "") -> list[str]:
        shape = Shape.of(kind)
        own = [] if shape.means else [name]
        inner = [silent(field.type, f"{name}.{key}") for key, field in (shape.fields or {}).items()]
        listed = (
            [silent(shape.item, f"{name}.*")]
            if (shape.listed or shape.named) and Shape.of(shape.item).fields
            else []
        )
        return own + [each for some in inner + listed for each in some]

    assert silent(Settings) == []


def test_every_span_of_time_names_its_unit() -> None:
    def spans(kind: Any) -> dict[str, str]:
        shape = Shape.of(kind)
        if shape.listed or shape.named:
            return spans(shape.item)
        return {
            name: means
            for key, field in (shape.fields or {}).items()
            for name, means in ({key: Shape.of(field.type).means} | spans(field.type)).items()
        }

    timed = {
        name: means for name, means in spans(Settings).items() if name.endswith(("seconds", "_ms", "_mb"))
    }

    assert len(timed) == 13
    assert {
        name: means for name, means in timed.items() if not any(u in means for u in ("seconds", "ms", "MiB"))
    } == {}
