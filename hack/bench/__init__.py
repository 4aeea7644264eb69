"""`make bench`: what the operator costs, each figure beside the least that the same work can cost in the same run."""
