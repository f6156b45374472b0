"""The step `check-interface`."""

from ci_steps.documents import FetchedModel, InterfaceReport, Plan
from ci_steps.pipeline import Step
from ci_steps.rundir import RunDir


class CheckInterface(Step):
    """Hold the model's interface to its own golden rows and to the interface that serves.

    Policy backward: every request that the baseline accepts must be accepted, and every answer must be one
    that the baseline's schema promised; forward is the other way round, for a rollback; full is both. Keeping
    to it is proven from the two schemas. A break comes with a witness, a whole request or answer that one
    schema accepts and the other does not. What is neither proven nor shown is inconclusive.
    """

    name = "check-interface"
    needs = (Plan, FetchedModel)
    opens = (FetchedModel,)
    makes = InterfaceReport
    reads = ("interface", "baseline", "sha")

    def run(self, run: RunDir) -> InterfaceReport:
        # Every step looks at the declarations of those before it, and few do what these do.
        from ci_steps.steps.check_interface.judgement import report_on

        return report_on(run)
