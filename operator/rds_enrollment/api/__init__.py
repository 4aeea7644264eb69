"""The contract with users: the three kinds, their conditions and reasons. Nothing else."""
