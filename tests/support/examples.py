"""How many examples a property test runs, by the Hypothesis profile of the run."""

from hypothesis import settings


def examples(count: int, *, soak: int | None = None) -> settings:
    """Run `count` examples in the default profile and proportionally more in the others, or `soak` in a soak."""
    if soak is not None and settings.get_current_profile_name() == "soak":
        return settings(max_examples=soak)
    default = settings.get_profile("reprise").max_examples
    return settings(max_examples=count * settings().max_examples // default)
