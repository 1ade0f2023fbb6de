"""The public contract suites and what tests build with: for our own tests, and for whoever writes another engine."""
