"""Whether the container really is locked in."""

from collections.abc import Iterator

from ci_steps.errors import OutsideError
from ci_steps.model.verdict import Finding
from ci_steps.ports import Container, Isolation
from ci_steps.steps.integration_test.findings import passed, refused, undecided


def isolated(container: Container) -> Iterator[Finding]:
    """Yield what the kernel says of each wall, or why it cannot be heard."""
    try:
        seen = container.isolation()
    except OutsideError as error:
        rule = "not root, read-only, without capabilities, and no program gains more"
        again = "run integration-test again; nothing is known of its walls"
        yield undecided("isolation", str(error), rule, hint=error.hint or again)
        return
    yield from locked_in(seen)


def locked_in(seen: Isolation) -> Iterator[Finding]:
    """Yield one finding for each wall, from what the kernel says inside the container."""
    walls = (
        ("user", seen.uid != 0, f"its first program runs as uid {seen.uid}", "not root"),
        (
            "root file system",
            seen.read_only,
            f"mounted {'read-only' if seen.read_only else 'writable'}",
            "read-only",
        ),
        ("capabilities", seen.capabilities == 0, f"bits {seen.capabilities:#x}", "none"),
        (
            "privileges",
            seen.no_new_privileges,
            f"{'none' if seen.no_new_privileges else 'more'} can be gained",
            "no program gains more",
        ),
    )
    for subject, holds, observed, rule in walls:
        if holds:
            yield passed("isolation", observed, rule, subject=subject)
        else:
            hint = "the image's USER must be a number above 0, and the engine must keep what it is told"
            yield refused("isolation", observed, rule, subject=subject, hint=hint)
