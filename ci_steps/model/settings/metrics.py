from typing import Annotated, Literal

from msgspec import Meta

from ci_steps.model.settings.section import Section

Direction = Literal["higher", "lower"]


class MetricRule(Section, frozen=True, kw_only=True):
    """One rule that a metric must keep: a floor, a ceiling, or a margin against another model."""

    metric: Annotated[
        str, Meta(description="by scikit-learn's scoring names: accuracy, f1_macro, roc_auc, …")
    ]
    direction: Annotated[Direction, Meta(description="which way is better")]
    floor: Annotated[float | None, Meta(description="the least value allowed")] = None
    ceiling: Annotated[float | None, Meta(description="the greatest value allowed")] = None
    versus: Annotated[
        str | None,
        Meta(description="compare with the live release (baseline) or with a model: tweets@9f2c41d"),
    ] = None
    worse_by_at_most: Annotated[
        Annotated[float, Meta(ge=0)] | None,
        Meta(description="non-inferiority margin, in the metric's own unit"),
    ] = None
    better_by_at_least: Annotated[
        Annotated[float, Meta(ge=0)] | None,
        Meta(description="superiority margin, in the metric's own unit; 0 asks for any gain"),
    ] = None
    confidence: Annotated[
        Annotated[float, Meta(ge=0.8, lt=1)], Meta(description="one-sided confidence of the comparison")
    ] = 0.95
    min_n: Annotated[
        Annotated[int, Meta(ge=10)],
        Meta(description="fewest examples that may decide; slices of fewer are only guarded"),
    ] = 30
    slices: Annotated[
        tuple[str, ...],
        Meta(description="names of slices, each of whose values is held to the rule; * is all"),
    ] = ()
    guard: Annotated[
        bool | None,
        Meta(
            description="true: a slice refuses on proven harm and else warns; "
            "false: each slice must be shown to keep the rule; "
            "left out: true where a slice has fewer than min_n examples"
        ),
    ] = None
    positive: Annotated[
        str | None,
        Meta(
            description="label of the positive class; left out: the last of two in sorted order",
            extra={"word": True},
        ),
    ] = None

    @property
    def reference(self) -> str:
        """The model that it compares with, by name; empty where that is the live one, or none."""
        return "" if self.versus is None or self.versus == "baseline" else self.versus


class EvidenceSettings(Section, frozen=True, kw_only=True):
    """Evaluations of a model that was published without them."""

    model: Annotated[str, Meta(description="the model, by its SHA: tweets@9f2c41d")]
    evaluations: Annotated[str, Meta(description="its evaluations.jsonl, relative to release.yaml")]
