"""`edgetag bundle`: the bundle itself, and check, sign, verify, android, schema."""

from pathlib import Path
from shlex import quote
from typing import Annotated, NoReturn

import typer

from edgetag.cli.default_group import DefaultGroup
from edgetag.cli.options import Json, RecipeOrRun, RunFolder, Verbose
from edgetag.cli.outcome import print_result
from edgetag.cli.stages import prepare, set_verbose
from edgetag.cli.terminal import console_progress, print_json, print_schema, show
from edgetag.errors import ExitCode
from edgetag.tables.formats import counted

app = typer.Typer(
    cls=DefaultGroup,
    help="Pack what an app ships; see also bundle check, sign, verify and android.",
)

BundlePath = Annotated[Path, typer.Argument(metavar="ZIP", help="The bundle.")]


@app.command(
    "run",
    epilog="See also: edgetag bundle check (digests, and golden inputs on every runtime), edgetag "
    "bundle sign and verify, edgetag bundle android (into a project), edgetag bundle schema.",
)
def bundle(
    recipe: RecipeOrRun, out: RunFolder = None, json: Json = False, verbose: Verbose = False
) -> None:
    """Pack what an app ships: models, labels, thresholds, golden inputs, model card (bundle/)."""
    from edgetag.bundling.result import BundleResult
    from edgetag.one_stage import run_stage

    loaded, workspace, progress = prepare(recipe, out, verbose)
    result = run_stage("bundle", loaded, workspace, progress)
    print_result(result, json)
    if not json and isinstance(result, BundleResult):
        typer.echo(f"bundle: {workspace.root / result.file}")
        if result.desktop:
            typer.echo(f"for desktops: {workspace.root / result.desktop.file}")


@app.command("check")
def check(
    path: Annotated[
        Path | None, typer.Argument(metavar="ZIP", help="The bundle; may be left out with --apk.")
    ] = None,
    apk: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="An APK or app bundle (.aab) that has a bundle in it: ZIP's, if that is given.",
        ),
    ] = None,
    on: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A runtime, such as litert@arm64, or a machine: arm64, armv7, wasm, browser, "
            "browser-webgpu; may be repeated; default: those of this machine.",
        ),
    ] = None,
    no_replay: Annotated[
        bool, typer.Option("--no-replay", help="Run no model: digests and pictures alone.")
    ] = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Check a bundle: digests, pictures decoded anew, golden inputs on every runtime at hand.

    With --apk, check a finished app instead: the bundle's files in it, whether phones can map its
    models and native libraries (pages of 16 KB), signatures.

    Exits with 1 if something is not as it must be, 2 if the bundle or the app is damaged.
    """
    from edgetag.bundling.checking import check as check_zip
    from edgetag.bundling.checking import chosen_engines
    from edgetag.bundling.tables import check_sentence, check_tables
    from edgetag.errors import InputError

    if on and no_replay:
        raise InputError("--on says where models run, --no-replay that none does; give one")
    set_verbose(verbose)
    if apk is not None:
        _check_app(apk, path, json, runs_models=bool(on or no_replay))
    if path is None:
        raise InputError("give a bundle, an app with --apk, or both")
    engines = () if no_replay else chosen_engines(on or ())
    checked = check_zip(path, engines, console_progress())
    show(checked, json, check_tables(checked), [f"{path}: {check_sentence(checked)}"])
    raise typer.Exit(ExitCode.ACCEPTED if checked.passed else ExitCode.BUDGET_BROKEN)


def _check_app(apk: Path, bundle: Path | None, json: bool, runs_models: bool) -> NoReturn:
    from edgetag.bundling.apk.checking import check_app
    from edgetag.bundling.apk.tables import app_sentences, app_tables
    from edgetag.errors import InputError

    if runs_models:
        raise InputError("--apk runs no model; leave out --on and --no-replay, or check the bundle")
    checked = check_app(apk, bundle)
    show(checked, json, app_tables(checked), app_sentences(checked))
    raise typer.Exit(checked.exit_code)


@app.command("sign")
def sign(
    path: BundlePath,
    key: Annotated[
        Path,
        typer.Option(
            metavar="KEY",
            help="An elliptic-curve private key in PEM; EDGETAG_KEY_PASSWORD opens an encrypted "
            "one. Make one with: openssl ecparam -name prime256v1 -genkey -noout -out KEY",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="The signature; default: ZIP.sig."),
    ] = None,
    json: Json = False,
) -> None:
    r"""Sign a bundle with a key file, by OpenSSF model-signing (pip install 'edgetag\[sign]')."""
    from edgetag.bundling.signing import sign as sign_zip
    from edgetag.bundling.signing import signature_path

    signature = out or signature_path(path)
    show(sign_zip(path, key, signature), json, (), [f"signature: {signature}"])


@app.command("verify")
def verify(
    path: BundlePath,
    key: Annotated[
        Path,
        typer.Option(
            metavar="PUB",
            help="The public key in PEM; from the private one: openssl ec -in KEY -pubout -out PUB",
        ),
    ],
    signature: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Default: ZIP.sig.")
    ] = None,
    json: Json = False,
) -> None:
    """Verify that a bundle is what the holder of a key has signed, and whole.

    Exits with 2 if it is not.
    """
    from edgetag.bundling.signing import signature_path
    from edgetag.bundling.signing import verify as verify_zip

    verified = verify_zip(path, key, signature or signature_path(path))
    show(verified, json, (), [f"{path}: signed with this key, and unchanged since"])


@app.command("android")
def android(
    path: BundlePath,
    project: Annotated[Path, typer.Option(metavar="DIR", help="The Android project's folder.")],
    package: Annotated[
        str, typer.Option(metavar="NAME", help="The package of Tags.kt.")
    ] = "dev.edgetag.demo",
    module: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="Its module, such as feature/tagging or :feature:tagging."
        ),
    ] = "app",
    source_set: Annotated[
        str,
        typer.Option(metavar="NAME", help="Where in the module: main, a flavour, a build type."),
    ] = "main",
    variant: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A model file to place, the app's first choice first; may be repeated; default: "
            "all of the bundle.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Place a bundle in an Android project: what a phone reads as assets, its tags as Tags.kt.

    What edgetag did not write there, or what was changed since, is neither overwritten nor deleted.
    """
    from edgetag.bundling.android import SourceSet, place

    where = SourceSet.parse(module, source_set)
    placed = place(path, project, package, where, variant or ())
    if json:
        print_json(placed)
        return
    typer.echo(
        f"{project}: {counted(len(placed.written), 'file')} written, "
        f"{len(placed.unchanged)} unchanged, {len(placed.removed)} removed"
    )


@app.command("web")
def web(
    path: BundlePath,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="A new folder for the page.")
    ],
    variant: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The model file; default: the bundle's first."),
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where edgetag target setup browser has put LiteRT.js."),
    ] = None,
    json: Json = False,
) -> None:
    """Write a page that tags pictures in the browser: static files, which any web server serves.

    Pictures stay in the page. It runs the bundle's golden inputs when it opens, and says whether
    they give the scores that they must. The other files are modules for pages of your own.
    """
    from edgetag.bundling.web import write_site

    made = write_site(path, out, variant, cache)
    if json:
        print_json(made)
        return
    typer.echo(
        f"{out}: {made.name} {made.version}, {made.variant}, {counted(len(made.files), 'file')}"
    )
    tried = f"python -m http.server --directory {quote(str(out))}"
    typer.echo(f"try it: {tried}, then http://localhost:8000")


@app.command("bill")
def bill(
    path: BundlePath,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Default: it is printed."),
    ] = None,
) -> None:
    """Print a bundle's bill of materials, CycloneDX 1.6: files, digests, what models do.

    Equal bundles have equal bills.
    """
    from edgetag.bundling.bill import bill_of_materials
    from edgetag.errors import InputError
    from edgetag.writing import write_text

    if out is not None and out.resolve() == path.resolve():
        raise InputError(f"{out}: the bill would take the bundle's place; give another --out")
    text = bill_of_materials(path)
    if out is None:
        typer.echo(text, nl=False)
        return
    write_text(out, text)
    typer.echo(f"bill of materials: {out}")


@app.command("schema")
def schema() -> None:
    """Print the JSON Schema of manifest.json, for programs that read it."""
    from edgetag.bundling.result import BundleManifest

    print_schema(BundleManifest.json_schema(written=True))
