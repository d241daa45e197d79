"""The commands, one module per group."""


def load() -> None:
    """Register them all."""
    from gradcli.commands import autograd, session, understand  # noqa: F401
