"""Many saturated stations on one segment, measured with confidence intervals and held against published theory."""
