import pytest

from ci_steps.adapters.hashed_locks import added, joined, parsed, written
from ci_steps.errors import InputError

A, B = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
LOCK = f"""\
# comment
Some_Thing[extra]==1.0 ; python_full_version >= '3.10' \\
    --hash={A} \\
    --hash={B}
    # via other
other==2.0 --hash={A}
""".encode()


def test_a_lock_is_read_as_uv_writes_it() -> None:
    thing, other = parsed(LOCK)

    assert (thing.name, thing.version, set(thing.extras)) == ("some-thing", "1.0", {"extra"})
    assert thing.hashes == {A, B}
    assert "3.10" in thing.marker
    assert (other.name, other.marker) == ("other", "")


def test_what_was_read_is_written_the_same_and_read_again() -> None:
    assert parsed(written(parsed(LOCK)).encode()) == parsed(LOCK)


def test_the_order_of_locks_and_comments_changes_nothing() -> None:
    more = f"# another comment\nzebra==1 --hash={B}\nother==2.0 --hash={A}\n".encode()

    assert joined({"a": LOCK, "b": more}) == joined({"b": more, "a": LOCK})


def test_hashes_that_both_locks_know_are_left() -> None:
    both = joined({"a": LOCK, "b": f"other==2.0 --hash={A} --hash={B}".encode()})

    assert next(package for package in both if package.name == "other").hashes == {A}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (f"other==3.0 --hash={A}", r"server pins other==2\.0, the model pins other==3\.0"),
        (f"other==2.0 --hash={B}", r"other==2\.0 by different hashes"),
    ],
)
def test_locks_that_disagree_are_bad_input(line: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        joined({"the server": LOCK, "the model": line.encode()})


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("other==2.0", "has no sha256 hash"),
        (f"other==2.0 --hash=md5:{'a' * 32}", "has no sha256 hash"),
        (f"other>=2.0 --hash={A}", "is not pinned"),
        (f"other==2.* --hash={A}", "is not pinned"),
        (f"other==2.0,!=2.1 --hash={A}", "is not pinned"),
        (f"other @ https://example.org/o.whl --hash={A}", "is not pinned"),
        (f"https://example.org/o.whl --hash={A}", "is not a pinned package"),
        ("--index-url https://example.org/simple", "the option '--index-url' has no place"),
        ("-r other.txt", "the option '-r' has no place"),
        ("-e .", "the option '-e' has no place"),
    ],
)
def test_what_is_not_pinned_and_hashed_is_bad_input(line: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parsed(line.encode())


def test_a_lock_that_is_not_text_is_bad_input() -> None:
    with pytest.raises(InputError, match="is not text"):
        parsed(b"\xff\xfe")


def test_only_what_the_lock_does_not_name_is_added() -> None:
    extra = f"other==9.0 --hash={A}\npytest==9.2.0 --hash={A}\n".encode()

    assert [f"{p.name} {p.version}" for p in added(LOCK, extra)] == [
        "some-thing 1.0",
        "other 2.0",
        "pytest 9.2.0",
    ]


def test_an_empty_lock_has_no_packages() -> None:
    assert parsed(b"") == ()
