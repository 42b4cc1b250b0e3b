"""What multigrain takes for its work, measured beside what others take for the same work, in one run."""
