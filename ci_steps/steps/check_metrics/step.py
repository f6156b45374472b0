from ci_steps.documents import FetchedModel, MetricsReport, Plan
from ci_steps.pipeline import Step
from ci_steps.rundir import RunDir


class CheckMetrics(Step):
    """Recompute the model's metrics and hold them to the rules of release.yaml.

    Every number comes from evaluations.jsonl. A floor or a ceiling holds the value itself. Against the
    baseline, or another model, what is asked must be shown on the same examples where there are any: no worse
    than the margin allows, or better. Refused where harm is proven, inconclusive where too few examples could
    tell. Small slices, and those that a rule only guards, warn instead; warnings alone are no evidence.
    Claims in metrics.json and golden rows must agree with the evaluations.
    """

    name = "check-metrics"
    needs = (Plan, FetchedModel)
    opens = (FetchedModel,)
    makes = MetricsReport
    reads = ("metrics", "baseline", "sha", "references", "evidence")

    def run(self, run: RunDir) -> MetricsReport:
        # numpy takes 0.1 s to import, and every command imports every step.
        from ci_steps.steps.check_metrics.judgement import report_on

        return report_on(run)
