"""From a call to a recorded node: arguments, promotion, the forward, in-place forms, errors."""
