"""gradcli: the language, the session and the interfaces over the engine."""
