"""Keys: Enter runs what is complete, a paste loses its prompts, Tab indents at the margin."""

from __future__ import annotations

from prompt_toolkit.application.current import get_app
from prompt_toolkit.filters import Condition, has_focus
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys

from gradcli.language.syntax.parse import incomplete
from gradcli.transcripts.transcript import without_prompts

INDENT = "    "


@Condition
def _at_margin() -> bool:
    """Whether nothing but blanks stands before the cursor, in an input of several lines."""
    document = get_app().current_buffer.document
    return document.line_count > 1 and not document.current_line_before_cursor.strip()


def bindings() -> KeyBindings:
    """The keys of the prompt."""
    keys = KeyBindings()
    here = has_focus("DEFAULT_BUFFER")

    @keys.add("enter", filter=here)
    def enter(event: KeyPressEvent) -> None:
        """Run the input if it is complete; else begin another line."""
        buffer = event.current_buffer
        if buffer.complete_state and buffer.complete_state.current_completion:
            buffer.complete_state = None
        elif buffer.document.is_cursor_at_the_end_of_line and _open(buffer.document.text):
            _new_line(event)
        elif buffer.document.on_last_line or not _open(buffer.document.text):
            buffer.validate_and_handle()
        else:
            _new_line(event)

    @keys.add("escape", "enter", filter=here)
    def another(event: KeyPressEvent) -> None:
        """Begin another line in any case."""
        _new_line(event)

    @keys.add("tab", filter=here & _at_margin)
    def indent(event: KeyPressEvent) -> None:
        """Indent."""
        event.current_buffer.insert_text(INDENT)

    @keys.add(Keys.BracketedPaste, filter=here)
    def paste(event: KeyPressEvent) -> None:
        """Insert a paste as one input, without the prompts it was copied with."""
        text = without_prompts(event.data)
        ended = text.endswith("\n") and _open(text.rstrip("\n"))
        event.current_buffer.insert_text(text.strip("\n") + ("\n" if ended else ""))

    return keys


def _open(text: str) -> bool:
    """Whether more lines are wanted; a fault here must not cost the prompt."""
    try:
        return incomplete(text)
    except Exception:
        return False


def _new_line(event: KeyPressEvent) -> None:
    """A new line, indented as the last one, and further after a colon."""
    before = event.current_buffer.document.current_line_before_cursor
    blanks = before[: len(before) - len(before.lstrip())]
    more = INDENT if before.rstrip().endswith(":") else ""
    event.current_buffer.insert_text("\n" + blanks + more)
