"""Specs, networks, objectives, training and benchmarks. Knows no luigi; reads what `data` wrote."""
