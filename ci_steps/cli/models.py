"""`models publish | list | show | tag`; the others stand in files of their own."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from ci_steps.cli import carrying, comparing, offers, options
from ci_steps.cli.screen import JsonLines, PlainLines, aligned, amount, harmless, one_line
from ci_steps.model.guess import among
from ci_steps.model.manifest import Manifest
from ci_steps.model.refs import ModelRef
from ci_steps.model.release import Release
from ci_steps.model.shelf import OnShelf
from ci_steps.model.wire import canonical, plain, pretty
from ci_steps.rundir import RunDir
from ci_steps.trace.difference import claims
from ci_steps.trace.shelf import Shelved, shelved
from ci_steps.wiring import Wiring

if TYPE_CHECKING:
    from ci_steps.adapters.shelves import Shelves

_NEWEST = 50


@click.group()
def models() -> None:
    """Publish, list, show, diff, merge, tag, export and import models of the store release.yaml names."""


models.add_command(comparing.diff)
models.add_command(comparing.merge)
models.add_command(carrying.export)
models.add_command(carrying.import_)


@models.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--tag", "tags", multiple=True, help="Let this tag stand for it; may be given again.")
@click.option(
    "--code",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path(),
    help="The git checkout that trained it; here by default.",
)
@options.config
@options.as_json
def publish(folder: Path, *, tags: tuple[str, ...], code: Path, config: Path, as_json: bool) -> None:
    """Put the model in FOLDER into the store and print its SHA.

    The manifest, with every file's SHA-256 and the four ingredients (code, data, config, environment), is
    written to FOLDER/manifest.json; its own SHA-256 is the model's. Publishing the same model again
    changes nothing.
    """
    wiring = _wiring(config, as_json=as_json)
    trained = wiring.model_folder(folder, checkout=code)
    manifest = trained.manifest()
    warnings = trained.warnings(manifest, rows=wiring.settings.integration.rows)
    store = wiring.store()
    new = store.publish(manifest, folder)
    for tag in tags:
        store.tag(manifest.name, tag, manifest.sha, by=wiring.who)
    RunDir(folder).write_bytes("manifest.json", pretty(manifest))
    if as_json:
        said = {"model": manifest.name, "sha": str(manifest.sha), "new": new}
        click.echo(one_line(said | {"tags": tags, "warnings": warnings}))
    else:
        size = amount(sum(file.size for file in manifest.files), "bytes")
        was = "published" if new else "was there already:"
        click.echo(f"{was} {manifest.name}@{manifest.sha.hex}  ({len(manifest.files)} files, {size})")
        where = "as model.yaml says" if trained.card.code else "the commit of the checkout now"
        click.echo(f"  {harmless(_code(manifest))}, {where}")
        for tag in tags:
            click.echo(f"tagged {manifest.name}:{tag}")
    for warning in warnings:
        click.echo(f"warning: {harmless(warning)}", err=True)


@models.command("list")
@click.argument("name", default="")
@click.option("--short", is_flag=True, help="SHAs, tags and what is live alone.")
@click.option("--all", "every", is_flag=True, help=f"All of them, and not the newest {_NEWEST} alone.")
@options.config
@options.as_json
def list_(name: str, *, short: bool, every: bool, config: Path, as_json: bool) -> None:
    """List the models of the store, or the versions of one: size, first claim, tags, and where it is live.

    The newest come first. Of a store with several models each has one line, of its newest version; name
    one to see its versions. What is live is told of the service that release.yaml names.
    """
    wiring = _wiring(config)
    live = {
        place: wiring.ledger(wiring.settings.service, place).history().live
        for place in wiring.settings.environments
    }
    rows, hidden = _listed(wiring.store().shelves, name, live, most=sys.maxsize if every else _NEWEST)
    if short:
        rows = [replace(row, size=None, metric=None) for row in rows]
    if as_json:
        for row in rows:
            click.echo(one_line(row))
    else:
        for line in aligned([_cells(row) for row in rows]):
            click.echo(harmless(line))
    if hidden:
        click.echo(f"and {hidden:,} older; --all lists them too", err=True)
    if not rows and not as_json:
        click.echo(_nothing(name, wiring.store().shelves), err=True)


def _nothing(name: str, shelves: "Shelves") -> str:
    known = sorted(one.name for one in shelves.models())
    if name and known:
        return f"no model {name} here; {among(name, known)}"
    return "no models here; publish one with `models publish FOLDER`"


def _listed(
    shelves: "Shelves", name: str, live: Mapping[str, Release | None], *, most: int
) -> tuple[list[Shelved], int]:
    """Return a line for each version or model, the newest first, and how many more there are."""
    models = () if name else shelves.models()
    if name or len(models) == 1:
        name = name or models[0].name
        shelf = shelves.of(name)
        rows = [shelved(name, row, shelf.tagged, live) for row in shelf.newest]
    else:
        known = {one.name: one for one in models}
        rows = [
            shelved(one.name, one.newest, one.tagged, live, versions=one.versions)
            for one in sorted(models, key=lambda one: (-one.newest.at, one.name))
        ]
        older = {(one.model, one.sha.hex) for one in live.values() if one and one.model in known}
        rows += [
            shelved(model, OnShelf(sha, "", 0), known[model].tagged, live)
            for model, sha in sorted(older - {(row.model, row.sha) for row in rows})
        ]
    # What is live is told, however old it is.
    running = {(one.model, one.sha.hex) for one in live.values() if one}
    shown = [row for number, row in enumerate(rows) if number < most or (row.model, row.sha) in running]
    return shown, len(rows) - len(shown)


@models.command()
@click.argument("ref", shell_complete=offers.models)
@options.config
@options.as_json
def show(ref: str, *, config: Path, as_json: bool) -> None:
    """Show the files, the ingredients and the claims of a model."""
    store = _wiring(config).store()
    manifest, tagged = store.shown(ModelRef.parse(ref))
    if as_json:
        said = {"sha": str(manifest.sha), "claims": claims(manifest, store)}
        click.echo(one_line(plain(manifest) | said))
        return
    tags = [tag for tag, sha in tagged.items() if sha == manifest.sha]
    click.echo(f"{manifest.name}@{manifest.sha.hex}  {', '.join(tags)}".rstrip())
    for line in _ingredients(manifest):
        click.echo(f"  {line}")
    for name, value in claims(manifest, store).items():
        click.echo(f"  claim        {name}: {value:g}")
    click.echo("  files")
    for file in manifest.files:
        click.echo(f"    {file.sha256[:12]}  {file.size:>12,}  {file.path}")


@models.command(short_help="Let TAG stand for the model REF.")
@click.argument("ref", shell_complete=offers.models)
@click.argument("tag")
@options.config
@options.as_json
def tag(ref: str, tag: str, *, config: Path, as_json: bool) -> None:
    """Let TAG stand for the model REF; it may be moved again, and never decides what is live."""
    wiring = _wiring(config)
    manifest = wiring.store().manifest(ModelRef.parse(ref))
    ModelRef.parse(f"{manifest.name}:{tag}")
    wiring.store().tag(manifest.name, tag, manifest.sha, by=wiring.who)
    if as_json:
        click.echo(one_line({"model": manifest.name, "sha": str(manifest.sha), "tags": [tag]}))
        return
    click.echo(f"{manifest.name}:{tag} is {manifest.name}@{manifest.sha.short}")


def _wiring(config: Path, *, as_json: bool = False) -> Wiring:
    progress = JsonLines() if as_json else PlainLines()
    return Wiring(run=RunDir(Path(".release")), config=config, progress=progress)


def _cells(row: Shelved) -> list[str]:
    live = f"live in {', '.join(row.live)}" if row.live else ""
    size = amount(row.size, "bytes") if row.size is not None else ""
    claim = f"{row.metric.name} {row.metric.value:.4g}" if row.metric else ""
    return [
        f"{row.model}@{row.sha[:12]}",
        size,
        claim,
        f"{row.versions:,} versions" if row.versions > 1 else "",
        ", ".join(row.tags),
        live,
        row.problem,
    ]


def _code(manifest: Manifest) -> str:
    code = manifest.code
    return f"code         {code.commit[:12]} {code.repository}".rstrip() + " (dirty)" * code.dirty


def _ingredients(manifest: Manifest) -> list[str]:
    lines = [_code(manifest)]
    lines += [f"data         {source.short} {source.uri}" for source in manifest.data]
    values = sorted(manifest.config.values.items())
    lines += [f"config       {key}: {canonical(value).decode()}" for key, value in values]
    lock = manifest.environment
    lines.append(f"environment  Python {lock.python}, {lock.lock} {lock.lock_sha256[:12]}")
    lines += [f"module       {module.name}@{module.sha.hex}" for module in manifest.modules]
    if manifest.origin:
        lines.append(f"origin       {manifest.origin.address}")
        lines += [f"  {fact}: {said}" for fact, said in manifest.origin.facts.items()]
    return lines
