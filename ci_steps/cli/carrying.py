"""`models export` and `models import`."""

from pathlib import Path

import click

from ci_steps.archive import Exported, Imported, model_exported, model_imported
from ci_steps.cli import offers, options
from ci_steps.cli.screen import JsonLines, PlainLines, amount, harmless, one_line
from ci_steps.errors import InputError
from ci_steps.model.address import Address
from ci_steps.model.digest import Digest
from ci_steps.model.images import ImageRef
from ci_steps.model.manifest import Manifest
from ci_steps.model.refs import ModelRef
from ci_steps.rundir import RunDir
from ci_steps.wiring import Wiring

_image = click.option("--image", is_flag=True, help="The image it was released in, as an OCI archive.")


@click.command()
@click.argument("ref", shell_complete=offers.models)
@_image
@click.option(
    "--environment",
    default="",
    shell_complete=offers.environments,
    help="--image: released here; by default anywhere, the newest.",
)
@click.option(
    "--to",
    type=click.Path(path_type=Path),
    help="A file for the image (into the store by default), or a new folder for the model's files.",
)
@options.config
@options.as_json
def export(ref: str, *, image: bool, environment: str, to: Path | None, config: Path, as_json: bool) -> None:
    """Write the model REF out, verified: its released image with --image, its own files without.

    The image is the one of the newest verified release of the model, by the ledger; base layers and all
    are read from the registry by digest. The archive goes to the store, under
    images/NAME/SHA/DIGEST.oci.tar, or to the file --to. The same image gives the same bytes; what is there
    already is verified and kept. `docker load` and skopeo read it too.
    """
    wiring = _wiring(config, as_json=as_json)
    if image:
        exported = wiring.archives().exported(ModelRef.parse(ref), environment=environment, to=to)
        _tell_exported(exported, as_json=as_json)
        return
    if to is None or environment:
        raise InputError(
            "a model's own files need a folder, and are the same in every environment",
            hint="give --to FOLDER without --environment, or --image for the released image",
        )
    manifest = model_exported(wiring.store(), ModelRef.parse(ref), to)
    if as_json:
        click.echo(one_line({"model": manifest.name, "sha": str(manifest.sha), "place": str(to)}))
        return
    click.echo(f"exported {manifest.name}@{manifest.sha.hex} to {to}  ({len(manifest.files)} files)")


@click.command("import")
@click.argument("ref", shell_complete=offers.models)
@_image
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path, exists=True),
    help="What `export --to` wrote; by default the archive in the store.",
)
@click.option("--digest", default="", help="--image: this image, sha256:…, and no other.")
@click.option("--registry", default="", help="--image: host:port/repository; release.yaml's by default.")
@options.config
@options.as_json
def import_(
    ref: str, *, image: bool, source: Path | None, digest: str, registry: str, config: Path, as_json: bool
) -> None:
    """Bring back the model REF that `export` wrote: with --image its image into a registry, else its files.

    Or bring a model from where it lives, whole, into the store: REF is its address then, as
    mlflow:models/tweets@champion or s3://bucket/prefix.

    Everything is verified before anything is sent: every byte of the archive, that it serves this very
    model and, where --digest is given, that it is this very image. The registry names the image by the
    digest that it always had, so a rollback finds it. Of several images in the store it takes the one
    released last.
    """
    wiring = _wiring(config, as_json=as_json)
    if Address.is_one(ref):
        if image or source or digest or registry:
            raise InputError("an address says where a model comes from", hint="give no other option with it")
        _tell(*wiring.sourced().imported(Address.parse(ref)), as_json=as_json)
        return
    if image:
        repository = ImageRef.parse(registry or wiring.settings.registry).repository
        wanted = Digest.parse(digest) if digest else None
        archives = wiring.archives()
        _tell_imported(
            archives.imported(ModelRef.parse(ref), repository, source=source, digest=wanted), as_json=as_json
        )
        return
    if source is None or digest or registry:
        raise InputError(
            "a model's own files come from a folder, and go into the store",
            hint="give --from FOLDER alone, or --image for the released image",
        )
    _tell(*model_imported(source, ModelRef.parse(ref), wiring.store().publish), as_json=as_json)


def _tell(manifest: Manifest, new: bool, *, as_json: bool) -> None:
    if as_json:
        click.echo(one_line({"model": manifest.name, "sha": str(manifest.sha), "new": new}))
        return
    was = "imported" if new else "was there already:"
    click.echo(f"{was} {manifest.name}@{manifest.sha.hex}  ({len(manifest.files)} files)")


def _tell_exported(exported: Exported, *, as_json: bool) -> None:
    image, release = exported.image, exported.found.release
    if as_json:
        said = {
            "model": image.model,
            "sha": str(image.sha),
            "release": release.id,
            "image": str(image.digest),
            "config": str(Digest.of(image.config)),
            "place": exported.where,
            "size": image.archive_size,
            "new": exported.new,
        }
        click.echo(one_line(said))
        return
    was = "exported" if exported.new else "was there already, verified:"
    left = ", which a rollback has left" if exported.found.withdrawn else ""
    click.echo(f"{was} {image.model}@{image.sha.hex}, live as {release.id}{left}")
    click.echo(f"  image     {image.digest}")
    click.echo(f"  config    {Digest.of(image.config)}  (what `docker load` names it by)")
    click.echo(f"  archive   {exported.where}  ({amount(image.archive_size, 'bytes')})")


def _tell_imported(imported: Imported, *, as_json: bool) -> None:
    image, found = imported.image, imported.found
    if as_json:
        said = {
            "model": image.model,
            "sha": str(image.sha),
            "release": found.release.id if found else None,
            "image": str(image.digest),
            "place": imported.where,
            "reference": imported.reference,
            "sent_bytes": imported.sent,
        }
        click.echo(one_line(said))
        return
    known = f"live as {found.release.id}" if found else "of no release that the ledger here knows"
    click.echo(harmless(f"imported {image.model}@{image.sha.hex}, {known}"))
    click.echo(f"  archive   {imported.where}")
    click.echo(f"  image     {imported.reference}  ({amount(imported.sent, 'bytes')} sent)")
    if not found:
        click.echo(
            "  next: hold its digest against the one that `export` printed, or give --digest", err=True
        )


def _wiring(config: Path, *, as_json: bool) -> Wiring:
    progress = JsonLines() if as_json else PlainLines()
    return Wiring(run=RunDir(Path(".release")), config=config, progress=progress)
