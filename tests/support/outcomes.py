"""How often a margin is shown, added up over outcomes one by one."""

from scipy.stats import multinomial

from edgetag.validation.proportions import paired_interval


def chance_to_show(total: int, margin: float, flips: float, confidence: float, most: int) -> float:
    """Return the chance that an interval lies inside a margin where nothing is lost in truth.

    Args:
        total: Images.
        margin: Largest difference allowed.
        flips: Share of decisions that differ, as often for the better as for the worse.
        confidence: Confidence of the interval.
        most: Lost ones and gained ones that are looked at; more must be too rare to matter.
    """
    chances = multinomial(total, (flips / 2, flips / 2, 1 - flips))
    return float(
        sum(
            chances.pmf((lost, gained, total - lost - gained))
            for lost in range(most + 1)
            for gained in range(most + 1)
            if paired_interval(lost, gained, total, confidence)[1] <= margin
        )
    )
