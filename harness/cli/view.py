"""Show all runs of a folder on one local page: list, filters, trends, two runs side by side, their reports.

usage: holdfast view [DIR] [key=value …]

DIR is a folder with runs below it (default: runs). The page is served on this machine until Ctrl-C; it is made anew
with every reload. Keys:
  out=FILE.html|DIR     write the page and end: a file that links to the reports where they lie, or a folder with
                        copies of them that can be moved or published
  host=127.0.0.1 port=7575     where it is served (port=0: any that is free)
  open=false            do not open a browser

examples:
  holdfast view
  holdfast view runs port=8080 open=false
  holdfast view runs out=site                    index.html and the reports, for an artefact of a pipeline
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from holdfast.cli.grammar import Flags
from holdfast.errors import UsageError


@dataclass(slots=True)
class Options:
    """Keys of `holdfast view`."""

    out: str | None = None
    host: str = "127.0.0.1"
    port: int = 7575
    open: bool = True


def run(paths: list[str], options: Options, flags: Flags) -> int:
    """Write the page, or serve it."""
    if len(paths) > 1:
        raise UsageError(f"`holdfast view` takes one folder, not {len(paths)}: {' '.join(paths)}")
    if not 0 <= options.port < 65536:
        raise UsageError(f"port= must lie between 0 and 65535, not {options.port}")
    folder = Path(paths[0] if paths else "runs")
    return _serve(folder, options, flags) if options.out is None else _export(folder, Path(options.out), flags)


def _export(folder: Path, out: Path, flags: Flags) -> int:
    from holdfast.report.view.export import export

    page, *copies = export(folder, out)
    if flags.json:
        print(json.dumps({"page": str(page), "reports": [str(copy) for copy in copies]}))
    else:
        print(page)
    return 0


def _serve(folder: Path, options: Options, flags: Flags) -> int:
    from holdfast.serve.run_pages import make_server

    server = make_server(folder, options.host, options.port)
    host = f"[{options.host}]" if ":" in options.host else options.host
    address = f"http://{host}:{server.server_address[1]}/"
    print(json.dumps({"address": address}) if flags.json else f"{folder} at {address} (Ctrl-C ends it)", flush=True)
    if options.open and sys.stdout.isatty():
        import webbrowser

        webbrowser.open(address)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print(file=sys.stderr)
    finally:
        server.server_close()
    return 0
