"""The mode of a turn: what it may do without asking, and what it may change."""


def turn_mode(approval_policy: object, sandbox_policy: object) -> str:
    """For example `on-request, workspace-write`; empty when neither policy is told."""
    return ", ".join(filter(None, (_name(approval_policy), _name(sandbox_policy))))


def _name(policy: object) -> str:
    """A policy is its name, or an object that is named by its type, its mode or its only key."""
    if isinstance(policy, str):
        return policy
    if not isinstance(policy, dict):
        return ""
    names = [policy.get("type"), policy.get("mode"), *(policy if len(policy) == 1 else ())]
    return next((name for name in names if isinstance(name, str)), "")
