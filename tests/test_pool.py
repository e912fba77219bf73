"""What waits is dropped where work is interrupted."""

import time

import pytest

from edgetag.pool import open_pool


def test_an_interrupt_drops_what_waits_and_ends_what_runs() -> None:
    begun: list[int] = []

    def work(number: int) -> None:
        begun.append(number)
        time.sleep(0.05)

    def interrupt() -> None:
        with open_pool() as pool:
            pool.submit(work, -1).result()
            for number in range(1000):
                pool.submit(work, number)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert 0 < len(begun) < 500


def test_all_work_is_done_in_the_order_asked_for() -> None:
    with open_pool() as pool:
        assert list(pool.map(str, range(20))) == [str(number) for number in range(20)]
