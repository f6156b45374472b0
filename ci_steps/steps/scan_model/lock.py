"""The joblib that will load a model, by the model's own lock."""

import re

from ci_steps.model.verdict import Finding, Verdict

LEAST = (1, 6)
_PIN = re.compile(r"^joblib(?:\[[^]]*\])?\s*==\s*v?(\d+)(?:\.(\d+))?", re.IGNORECASE)


def joblib_pin(lock: str, path: str, subject: str) -> Finding:
    """Return whether the lock pins a joblib whose loading holds what this gate listed."""
    pins = [
        (number, found) for number, line in enumerate(lock.splitlines(), 1) if (found := _PIN.match(line))
    ]
    if not pins:
        return _finding(
            Verdict.INCONCLUSIVE, "the lock pins no joblib", path, subject, "add it to the model's lock"
        )
    for number, found in pins:
        if (int(found[1]), int(found[2] or 0)) < LEAST:
            return _finding(
                Verdict.REFUSED,
                f"the lock pins {found[0]}",
                f"{path}:{number}",
                subject,
                "raise joblib in the model's requirements to 1.6 or later, lock and train again",
            )
    number, found = pins[0]
    return _finding(Verdict.PASSED, f"the lock pins {found[0]}", f"{path}:{number}", subject, "")


def _finding(verdict: Verdict, observed: str, where: str, subject: str, then: str) -> Finding:
    return Finding(
        check="scan-model.joblib",
        subject=subject,
        verdict=verdict,
        observed=observed,
        # An array of objects got around a restricted unpickler up to 1.5.
        rule="a pickle is loaded by joblib 1.6 or later",
        where=where,
        next=then,
    )
