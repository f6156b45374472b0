from ci_steps.documents import FetchedModel, MetricsReport, Plan
from ci_steps.pipeline import Step
from ci_steps.rundir import RunDir


class CheckMetrics(Step):
    """Recompute the model's metrics and hold them to the rules of release.yaml.

    Every number comes from evaluations.jsonl. A floor or a ceiling holds the value itself. Against the
    baseline the model must be shown to be no worse than the margin allows, on the same examples where
    there are any: refused where it is seen to be worse than that, inconclusive where too few examples
    could tell. Claims in metrics.json and golden rows must agree with the evaluations.
    """

    name = "check-metrics"
    needs = (Plan, FetchedModel)
    opens = (FetchedModel,)
    makes = MetricsReport
    reads = ("metrics", "baseline", "sha")

    def run(self, run: RunDir) -> MetricsReport:
        # numpy takes 0.1 s to import, and every command imports every step.
        from ci_steps.steps.check_metrics.judgement import report_on

        return report_on(run)
