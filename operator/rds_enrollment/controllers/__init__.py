"""One file per kind: observe, plan, apply, report. What the kinds share stands beside them."""
