"""What the model was made of, what it is compared with, and the image it became."""

from ci_steps.documents import Baseline, BuiltImage, Layer, Plan, PushedImage
from ci_steps.model.manifest import Manifest, PythonPredictor, SklearnPredictor
from ci_steps.model.wire import canonical
from ci_steps.report.markup import Html, code, facts, folded, joined, megabytes, section, table, tag
from ci_steps.report.reading import Reading


def origin(reading: Reading) -> Html:
    """Return the model's ingredients and the release it is compared with."""
    plan = reading.get(Plan)
    if plan is None:
        return Html("")
    return section("Where it comes from", _ingredients(plan.manifest), _baseline(plan.baseline), id_="plan")


def _ingredients(manifest: Manifest) -> Html:
    made = manifest.code
    dirty = tag("em", " with changes that no commit has", class_="warned") if made.dirty else Html("")
    lock = manifest.environment
    size = megabytes(sum(file.size for file in manifest.files))
    pairs = (
        ("model SHA", code(str(manifest.sha))),
        ("code", joined((made.repository, " ", code(made.commit), dirty))),
        *(("data", joined((data.uri, " ", code(data.sha256 or data.mark)))) for data in manifest.data[:20]),
        ("configuration", code(_configuration(manifest))),
        ("environment", joined((f"Python {lock.python}, {lock.lock} ", code(lock.lock_sha256)))),
        ("predictor", _predictor(manifest)),
        *(("module", joined((f"{each.name} ", code(str(each.sha))))) for each in manifest.modules),
        *_brought(manifest),
    )
    rows = [(code(file.path), megabytes(file.size), code(file.sha256)) for file in manifest.files]
    files = table(("file", "size", "SHA-256"), rows, rest="plan.json")
    return joined((facts(pairs), folded(f"{len(rows):,} files, {size}", files)))


def _configuration(manifest: Manifest) -> str:
    values = sorted(manifest.config.values.items())
    return ", ".join(f"{key}={canonical(value).decode()}" for key, value in values)


def _brought(manifest: Manifest) -> tuple[tuple[str, Html], ...]:
    """Return where it was brought from, and what is said of it there."""
    if manifest.origin is None:
        return ()
    said = ((name, joined((fact,))) for name, fact in manifest.origin.facts.items())
    return (("brought from", code(manifest.origin.address)), *said)


def _predictor(manifest: Manifest) -> str:
    how = manifest.predictor
    if isinstance(how, SklearnPredictor):
        return f"scikit-learn, {how.file}, asked with {', '.join(how.features)}"
    if isinstance(how, PythonPredictor):
        return f"Python, {how.entry}"
    return f"MLflow's pyfunc, {how.folder}"


def _baseline(baseline: Baseline | None) -> Html:
    if baseline is None:
        return tag("p", "Nothing was live when this was planned: a first release.")
    pairs = (
        ("baseline", f"{baseline.model}, live as {baseline.release} when this was planned"),
        ("its SHA", code(str(baseline.sha))),
        ("its image", code(str(baseline.image))),
    )
    return facts(pairs)


def image(reading: Reading) -> Html:
    """Return the image by its digest, layer by layer."""
    built, pushed, plan = reading.get(BuiltImage), reading.get(PushedImage), reading.get(Plan)
    if built is None and pushed is None:
        return Html("")
    reference = f"{pushed.repository}@{pushed.image}" if pushed else ""
    pairs = (
        ("digest", code(str(built.image)) if built else ""),
        ("in the registry", code(reference) if pushed else "not pushed"),
        ("sent", megabytes(pushed.sent_bytes) if pushed else ""),
        ("base", code(plan.image.base) if plan else ""),
    )
    return section(
        "Image", facts(pairs), _layers(built.layers, built.labels) if built else Html(""), id_="build-image"
    )


def _layers(layers: tuple[Layer, ...], labels: dict[str, str]) -> Html:
    rows = [(layer.purpose, megabytes(layer.size), code(str(layer.digest))) for layer in layers]
    named = [(code(key), value) for key, value in sorted(labels.items())]
    return joined(
        (
            table(("layer", "size", "digest"), rows, rest="build-image.json"),
            folded(f"{len(named)} labels", table(("label", "value"), named, rest="build-image.json")),
        )
    )
