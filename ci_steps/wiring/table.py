"""Which step comes when."""

from collections.abc import Iterator, Mapping
from importlib import import_module

from ci_steps.pipeline import Step

STEPS: Mapping[str, str] = {
    "plan": "ci_steps.steps.plan:MakePlan",
    "unit-tests": "ci_steps.steps.unit_tests:UnitTests",
    "fetch-model": "ci_steps.steps.fetch_model:FetchModel",
    "scan-model": "ci_steps.steps.scan_model:ScanModel",
    "check-metrics": "ci_steps.steps.check_metrics:CheckMetrics",
    "check-interface": "ci_steps.steps.check_interface:CheckInterface",
    "build-image": "ci_steps.steps.build_image:BuildImage",
    "push-image": "ci_steps.steps.push_image:PushImage",
    "integration-test": "ci_steps.steps.integration_test:IntegrationTest",
    "load-test": "ci_steps.steps.load_test:LoadTest",
    "rollout": "ci_steps.steps.rollout:RollOut",
    "rollback": "ci_steps.steps.rollout:RollBack",
}
"""Every step, in the order of a release; `rollback` is the way back and stands by itself."""

RELEASE = tuple(name for name in STEPS if name != "rollback")
GATES = ("scan-model", "check-metrics", "check-interface")


def kind(name: str) -> type[Step]:
    """Return the class of a step; importing it is put off until somebody asks."""
    module, _, attribute = STEPS[name].partition(":")
    found: type[Step] = getattr(import_module(module), attribute)
    return found


class Kinds(Mapping[str, type[Step]]):
    """The classes of all steps, each imported when it is looked at."""

    def __getitem__(self, name: str) -> type[Step]:
        return kind(name)

    def __iter__(self) -> Iterator[str]:
        return iter(STEPS)

    def __len__(self) -> int:
        return len(STEPS)
