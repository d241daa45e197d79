"""Answers every mistake in the language's faults.txt anew: `python -m tests.recorder.faults`.

The first line of each answer is to be PyTorch's or Python's own; read the difference.
"""

from __future__ import annotations

import warnings
from pathlib import Path

from tests.gradcli.language.desk import Desk
from tests.gradcli.language.programs import sections

PATH = Path(__file__).parents[1] / "gradcli" / "language" / "faults.txt"


def main() -> None:
    """Keep the setup and the mistakes; write what they are answered with now."""
    parts = sections(PATH.name)
    mistakes = [part.partition("\n")[0] for part in ("\n" + parts["mistakes"]).split("\n>>> ")[1:]]
    out = [f"#: setup\n{parts['setup']}\n\n#: mistakes"]
    for text in mistakes:
        desk = Desk()
        desk.run(parts["setup"])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            out.append(f">>> {text}\n{desk.text(text)}")
    PATH.write_text("\n".join(out) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
