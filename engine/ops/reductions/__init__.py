"""Many elements made fewer: sums, extremes, statistics, scans, counts."""
