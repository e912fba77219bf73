"""Names of files and tags are text on the page, whatever they are made of."""

from edgetag.mining.result import Finding, MinedTag, MineResult
from edgetag.mining.sheet import sheet

SCRIPT = "<script>alert(1)</script>"


def test_scripts_in_names_stay_text() -> None:
    finding = Finding(
        rank=1,
        kind="suspect label",
        path=f'{SCRIPT}" onerror="alert(1).png',
        identity="0",
        split=SCRIPT,
        tag=SCRIPT,
        label=None,
        score=0.5,
        why=SCRIPT,
    )
    result = MineResult(
        features="trained",
        folds=5,
        tags=(MinedTag(tag=SCRIPT, labels=1, positives=1, suspects=1),),
        findings=(finding,),
        absent={},
        versions={},
    )
    page = sheet(result, [("data:,picture", "data:,heat")])
    assert "<script" not in page
    assert ' onerror="' not in page
    assert page.count("&lt;script&gt;") >= 4
