"""What every part uses: faults, outputs, settings, interrupts, files beside the session."""
