"""A process that lists an estate: `python -m hack.bench.rds_server COUNT` prints its URL and serves until killed."""

import sys
import threading

from hack.sandbox.aws.rds_pages import RdsPages, estate

if __name__ == "__main__":
    with RdsPages() as pages:
        pages.serve(estate(int(sys.argv[1])))
        print(pages.url, flush=True)
        threading.Event().wait()
