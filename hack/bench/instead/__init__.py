"""What a user would write instead of the operator: a script with boto3, and a kopf operator in the usual style.

Both are what a competent engineer writes on a first day, and no more: things are looked for before they are made, one
after the other, with the pauses that boto3's waiters and kopf's retries have by default. Neither deletes anything.
"""
