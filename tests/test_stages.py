from edgetag.stages import STAGES, stage


def test_every_stage_comes_after_those_whose_outputs_it_reads() -> None:
    order = [each.name for each in STAGES]
    for each in STAGES:
        assert set(each.needs) <= set(order[: order.index(each.name)])
    assert "bundle" in stage("report").needs, "the page tells the digest of the bundle"
