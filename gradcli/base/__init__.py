"""All parts use these: faults, outputs, settings, interrupts, files beside the session."""
