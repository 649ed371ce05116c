"""Large, plausible accounts for benchmarks: what they hold (`words`, `rows`) and how they get in (`load`)."""
