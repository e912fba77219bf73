"""Do answers come back from Label Studio's real server as people gave them? `make label-studio`.

It starts the server of an environment that `make label-studio` makes, on this machine alone, with
SQLite; gives it the project that docs/review.md tells of and the tasks of `edgetag review export`;
looks at a picture, annotates as a person does, and exports. What edgetag reads of that is printed,
and held to what was said. `--record FILE` keeps the export, which tests read.
"""

import argparse
import os
import re
import secrets
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from edgetag.reviewing.label_studio import read_tasks
from edgetag.scratch import scratch_folder
from edgetag.writing import write_bytes
from tests.support.paths import ROOT
from tests.support.reviewed import ReviewedRun, make_reviewed
from tests.support.served import PATIENCE_S, until

ANSWERS = """path,tag,label,by,at
folder0/0.png,cat,1,ann,2026-11-28T09:30:00Z
folder0/0.png,dog,0,ann,2026-11-28T09:31:00Z
folder0/0.png,cat,0,bob,2026-11-28T09:32:00Z
"""
SAID = [
    ("folder0/0.png", "cat", 1, "ann"),
    ("folder0/0.png", "food", 1, "user 1"),
    ("folder0/0.png", "dog", 0, "ann"),
    ("folder0/0.png", "cat", 0, "bob"),
    ("folder1/1.png", "cat", 0, "user 1"),
    ("folder0/2.png", "dog", 1, "user 1"),
    ("folder0/2.png", "cat", 0, "user 1"),
    ("folder0/2.png", "food", 0, "user 1"),
]


def main() -> None:
    """Go out and in, and print what came back."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("server", type=Path, help="The command label-studio.")
    parser.add_argument("--record", type=Path, metavar="FILE")
    options = parser.parse_args()
    with scratch_folder() as folder:
        run = make_reviewed(folder / "pictures", count=5, findings=0)
        for name in ("folder0/0.png", "folder1/1.png"):
            (run.folder / name).parent.mkdir(parents=True)
            Image.effect_mandelbrot((80, 80), (-2, -1, 1, 1), 9).save(run.folder / name)
        with served(options.server.resolve(), folder) as client:
            print(f"Label Studio {client.get('/api/version').json()['release']}")
            export = annotated(client, run)
        (folder / "export.json").write_bytes(export)
        answers = read_tasks(folder / "export.json")
        for answer in answers:
            print(answer.path, answer.tag, answer.label, answer.by, answer.at)
        assert [(each.path, each.tag, each.label, each.by) for each in answers] == SAID
        print(run.do("import", folder / "export.json"))
        if options.record:
            write_bytes(options.record, export)


def annotated(client: httpx.Client, run: ReviewedRun) -> bytes:
    """Take tasks into a new project and annotate them; return the project's export."""
    (run.folder / "answers.csv").write_text(ANSWERS)
    run.do("import", run.folder / "answers.csv")
    run.do("export", "--to", run.folder / "tasks.json", "--format", "label-studio")
    document = re.search(r"<View>.*?</View>", (ROOT / "docs/review.md").read_text(), re.DOTALL)
    assert document is not None
    choices = "".join(f'<Choice value="{tag}"/>' for tag in run.tags)
    config = re.sub("(<Choice value=[^/]*/>)+", choices, document[0])
    made = ask(client, "POST", "/api/projects", {"title": "edgetag", "label_config": config})
    project = made["id"]
    storage = {"project": project, "path": str(run.folder), "use_blob_urls": True}
    ask(client, "POST", "/api/storages/localfiles", storage)
    tasks = (run.folder / "tasks.json").read_bytes()
    taken = client.post(
        f"/api/projects/{project}/import",
        content=tasks,
        headers={"Content-Type": "application/json"},
    )
    assert taken.json()["task_count"] == 5, taken.text
    listed = client.get("/api/tasks", params={"project": project, "fields": "all"}).json()["tasks"]
    first, second, third, skipped, _ = sorted(listed, key=lambda task: task["id"])
    picture = client.get(first["data"]["image"])
    assert picture.content == (run.folder / "folder0/0.png").read_bytes(), picture

    # A person adds a tag to somebody's annotation; changes an own answer; takes a prediction over;
    # skips a task. A page sends results whole, with what came with them.
    (annotation,) = (each for each in first["annotations"] if len(each["result"]) == 2)
    annotation["result"][0]["value"]["choices"].append("food")
    change = {"result": annotation["result"]}
    ask(client, "PATCH", f"/api/annotations/{annotation['id']}/", change)
    own = annotate(client, second, [chosen("present", "cat")])
    ask(client, "PATCH", f"/api/annotations/{own}/", {"result": [chosen("absent", "cat")]})
    annotate(client, third, third["predictions"][0]["result"])
    annotate(client, skipped, [chosen("present", "cat")], was_cancelled=True)
    export = client.get(f"/api/projects/{project}/export", params={"exportType": "JSON"})
    return export.raise_for_status().content


def annotate(client: httpx.Client, task: dict[str, Any], result: object, **more: object) -> int:
    """Annotate a task; return the annotation's number."""
    given = {"result": result, "lead_time": 1.5, **more}
    return int(ask(client, "POST", f"/api/tasks/{task['id']}/annotations/", given)["id"])


def chosen(control: str, tag: str) -> dict[str, object]:
    """Return what a page sends of a tag that was chosen."""
    value = {"choices": [tag]}
    return {"from_name": control, "to_name": "image", "type": "choices", "value": value}


def ask(client: httpx.Client, method: str, path: str, given: object) -> dict[str, Any]:
    """Ask the server for something; return its answer."""
    answer = client.request(method, path, json=given)
    assert answer.is_success, answer.text
    return dict(answer.json())


@contextmanager
def served(command: Path, folder: Path) -> Iterator[httpx.Client]:
    """Run the server with a database of its own; yield a client with the rights of its user."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url, token, data = f"http://127.0.0.1:{port}", secrets.token_hex(20), folder / "server"
    data.mkdir()
    environment = {
        "HOME": str(data),
        "COLLECT_ANALYTICS": "False",
        "LATEST_VERSION_CHECK": "False",
        "LABEL_STUDIO_BASE_DATA_DIR": str(data),
        "LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED": "true",
        "LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT": str(folder),
    }
    words = ["start", "--no-browser", "--internal-host", "127.0.0.1", "--port", str(port)]
    words += ["--host", url, "--data-dir", str(data), "--username", "person@example.org"]
    words += [
        "--password",
        secrets.token_hex(8),
        "--user-token",
        token,
        "--enable-legacy-api-token",
    ]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [command, *words], stdout=log, stderr=log, env=os.environ | environment, cwd=data
        )

    def answers() -> bool:
        try:
            return process.poll() is not None or httpx.get(f"{url}/api/version").is_success
        except httpx.HTTPError:
            return False

    try:
        until(answers, lambda: (folder / "server.log").read_text(errors="replace"))
        assert process.poll() is None, (folder / "server.log").read_text(errors="replace")
        headers = {"Authorization": f"Token {token}"}
        with httpx.Client(base_url=url, headers=headers, timeout=PATIENCE_S) as client:
            yield client
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
