"""What a gate, and each kind of its rules, must have shown before it may be in the table."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from ci_steps.model.verdict import Verdict
from ci_steps.selftest.case import Case

_OTHERWISE = {
    Verdict.REFUSED: "nothing shows that it can refuse",
    Verdict.INCONCLUSIVE: "nothing shows that it does not pass without evidence",
    Verdict.PASSED: "nothing shows that it lets go on what is sound",
}


def shortfalls(cases: Iterable[Case]) -> Iterator[str]:
    """Say what is not shown: that each kind of rule refuses, leaves undecided, and lets go on.

    A gate with several kinds of rules must also pass as a whole: what is sound for one must be so for all.
    """
    gates: dict[str, dict[str, list[Case]]] = defaultdict(lambda: defaultdict(list))
    for case in cases:
        if case.check.partition(".")[0] != case.gate:
            yield f"{case.gate}: {case.title!r} is a case of {case.check}, which is another gate's"
        gates[case.gate][case.kind].append(case)
    for gate, kinds in gates.items():
        whole = kinds.pop("", [])
        if not kinds and _has(Verdict.PASSED, whole):
            yield f"{gate}: none of its kinds of rules has a case"
        elif len(kinds) != 1 and not _has(Verdict.PASSED, whole):
            yield f"{gate}: no case passes as a whole"
        for kind, own in kinds.items():
            for verdict, otherwise in _OTHERWISE.items():
                if not _has(verdict, own):
                    yield f"{gate}: no case of {kind!r} must be {verdict.value}: {otherwise}"


def _has(verdict: Verdict, cases: Sequence[Case]) -> bool:
    if verdict is Verdict.PASSED:
        return any(case.wanted.lets_go_on for case in cases)
    return any(case.wanted is verdict for case in cases)
