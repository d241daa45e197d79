"""The prompt. Only this package uses prompt_toolkit."""
