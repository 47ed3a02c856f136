"""How many examples a property test runs, by the Hypothesis profile of the run."""

from hypothesis import settings

_REFERENCE = 50


def examples(count: int, *, soak: int | None = None) -> settings:
    """Run `count` examples where other tests run 50, proportionally in all profiles; or `soak` in a soak."""
    if soak is not None and settings.get_current_profile_name() == "soak":
        return settings(max_examples=soak)
    return settings(max_examples=max(1, count * settings().max_examples // _REFERENCE))
