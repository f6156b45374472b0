"""What git says when it fails, in the kit's words; never with a login in it."""

import re

from ci_steps.errors import InputError, OutsideError, StepError

_LOGIN = re.compile(r"//[^/\s]*@")
_NOT_BY_ID = re.compile(
    r"not our ref|unadvertised object|does not allow request|no such remote ref", re.IGNORECASE
)
_KINDS: tuple[tuple[str, type[StepError], str, str], ...] = (
    (
        r"dubious ownership",
        InputError,
        "{shown} belongs to another user, and git does not read it",
        "git config --global --add safe.directory FOLDER, if you trust it",
    ),
    (
        r"Authentication failed|could not read (Username|Password)|(Permission|Access) denied|error: 40[13]",
        InputError,
        "git is not let in at {shown}",
        "give git a way in: its credential helper, GIT_ASKPASS, or a key in an SSH agent",
    ),
    (
        r"not found|not appear to be a git repository|does not exist|[Nn]o such file|not a git repository",
        InputError,
        "{shown} is not a git repository, or not for you to see",
        "see with `git ls-remote`; it also needs the login that git has here",
    ),
    (
        r"unable to access|Could not resolve|Couldn't connect|Connection (refused|reset)|timed out",
        OutsideError,
        "{shown} does not answer git",
        "see that it runs and can be reached from here",
    ),
)


def not_by_id(output: str) -> bool:
    """Return whether the other side gives no commit that is named by its id alone."""
    return bool(_NOT_BY_ID.search(output))


def of_git(output: str, shown: str) -> StepError:
    """Return the error that says what git's last words mean."""
    for pattern, kind, says, hint in _KINDS:
        if re.search(pattern, output):
            return kind(says.format(shown=shown), hint=hint)
    lines = [line for line in output.splitlines() if line.startswith(("fatal:", "error:"))]
    said = _LOGIN.sub("//", (lines or output.splitlines() or ["nothing"])[0])[:200]
    return OutsideError(f"git failed on {shown}: {said}")
