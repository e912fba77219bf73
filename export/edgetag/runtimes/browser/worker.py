"""The process that scores in a browser: `python -m edgetag.runtimes.browser.worker FOLDER JOB`.

The file runs as WebAssembly or as shaders in the browser's own sandbox. This process, in which
LiteRT looks at the file's ends, is confined as any that scores, once the browser is there.
"""

import sys
from functools import partial
from pathlib import Path

from edgetag.catalogue.engines import ENGINES
from edgetag.children import begin_job
from edgetag.confinement import confine
from edgetag.errors import one_line
from edgetag.runtimes import engines
from edgetag.runtimes.browser.devtools import BrowserError, find_chromium, open_tab
from edgetag.runtimes.browser.engine import Browser
from edgetag.runtimes.browser.files import page
from edgetag.runtimes.browser.session import BrowserSession, what_computes
from edgetag.runtimes.messages import BadInput, Job, Loaded
from edgetag.runtimes.npm import MODULES
from edgetag.runtimes.worker import perform


def main() -> None:
    """Perform the job in the file named by the last argument."""
    folder = Path(sys.argv.pop(1))
    job, emit = begin_job(Job)
    engine, program = engines.get(job.engine), find_chromium()
    if not isinstance(engine, Browser) or program is None:
        raise RuntimeError(f"{job.engine} in {program}: `launch` starts no such process")
    files = page(folder / MODULES, job.model)
    try:
        with open_tab(program, job.scores.parent / "browser", engine.options, files) as tab:
            confine((job.model, job.cache.folder, job.rows, folder), (job.scores.parent,))
            perform(
                job,
                emit,
                load=lambda: BrowserSession(tab, job.model, engine.accelerator),
                loaded=partial(what_computes, tab) if ENGINES[job.engine].tells else Loaded,
            )
    except BrowserError as error:  # before any file is loaded: later ones refuse the file
        by_itself = f"{program} --headless --dump-dom about:blank"
        emit(BadInput(message=f"{program}: {one_line(str(error))}; try it by itself: {by_itself}"))


if __name__ == "__main__":
    main()
