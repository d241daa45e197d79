"""Element by element: arithmetic, functions of numbers, comparisons, complex numbers."""
