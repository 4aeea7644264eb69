"""Adapter to AWS, and the only importer of boto3: synchronous reads and writes, called from a thread pool.

Reads return values of `plan.observed.aws`; `apply` performs one step of `plan.steps`. Every function
raises `plan.outcome.Outcome` for what AWS or the network may do; any other exception is a bug.
"""
