"""What `check-interface` finds."""

from ci_steps.documents import FetchedModel, InterfaceReport, Plan
from ci_steps.model.settings import InterfaceSettings
from ci_steps.rundir import RunDir
from ci_steps.steps.check_interface.baseline import (
    BASELINE_RULE,
    baseline_interface,
    hold,
)
from ci_steps.steps.check_interface.directions import OF_POLICY
from ci_steps.steps.check_interface.files import Interface, Model
from ci_steps.steps.check_interface.findings import Notes
from ci_steps.steps.check_interface.forms.document import formats_in
from ci_steps.steps.check_interface.own import sound_golden, sound_interface
from ci_steps.steps.check_interface.validation import UndecidableError


def report_on(run: RunDir) -> InterfaceReport:
    """Hold the fetched model to its own interface and to the baseline's; witnesses come beside it."""
    plan, fetched = run.read(Plan), run.read(FetchedModel)
    run.fresh_folder("witnesses")
    notes = Notes(run, plan.interface.where, findings=[], witnesses=[])
    try:
        left_out = _noted(Model(run, fetched.folder, fetched.files), plan, fetched, notes)
    except (UndecidableError, RecursionError, OverflowError) as error:
        # Python itself gives up on schemas nested too deeply and on numbers too large for a float.
        observed = str(error) if isinstance(error, UndecidableError) else "a schema goes beyond all bounds"
        notes.inconclusive(
            "schema", observed, "both schemas can be applied", then="write it in plainer words"
        )
        left_out = ("whatever comes after the schema that could not be applied",)
    return InterfaceReport(
        findings=tuple(notes.findings), not_checked=left_out, witnesses=tuple(notes.witnesses)
    )


def _noted(model: Model, plan: Plan, fetched: FetchedModel, notes: Notes) -> tuple[str, ...]:
    """Note everything there is to find, and return what was not looked at."""
    interface = sound_interface(model, notes)
    if interface is None:
        return ("golden rows and the baseline: there is no interface to hold them to",)
    rows = sound_golden(model, interface, notes)
    if plan.baseline is None:
        then = "call it a first release: a waiver of check-interface.baseline in release.yaml"
        notes.inconclusive("baseline", "nothing serves yet, there is no baseline", BASELINE_RULE, then=then)
    elif plan.baseline.sha == plan.sha:
        same = f"the same model on both sides ({plan.sha.short}): compatible by identity"
        for direction in OF_POLICY[plan.interface.policy]:
            notes.passed(direction.check, same, direction.rule, subject=direction.subject)
    elif fetched.baseline_folder is None:
        then = "run `python -m ci_steps fetch-model` again"
        notes.inconclusive("baseline", "the baseline's files did not come", BASELINE_RULE, then=then)
    else:
        baseline = Model(notes.run, fetched.baseline_folder, fetched.baseline_files)
        before = baseline_interface(baseline, notes)
        if before is not None:
            hold(*before, interface, rows, plan.interface, notes)
            return not_checked(plan.interface, before[0], interface)
    return not_checked(plan.interface, interface)


def not_checked(settings: InterfaceSettings, *interfaces: Interface) -> tuple[str, ...]:
    """Return what the schemas say and nobody held a value to."""
    schemas = [schema for each in interfaces for schema in (each.input, each.output)]
    formats = sorted(frozenset().union(*map(formats_in, schemas)))
    lines = [f"format {name}: a note in JSON schema, no text is held to it" for name in formats]
    if settings.unknown_fields == "ignore":
        lines.append("properties that a schema does not name (interface.unknown_fields: ignore)")
    return tuple(lines)
