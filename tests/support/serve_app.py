"""``python -m tests.support.serve_app '{"app_factory": "module:name", …}'``: calls ``serve`` with options from JSON.

``limits`` and ``log`` are objects of their fields; the URL is printed when the server answers, and an error that
rollbook raises on purpose is printed on stderr and ends the process with 1, as the command line does.
"""

import json
import sys

from rollbook.errors import RollbookError
from rollbook.web.limits import Limits
from rollbook.web.logs import LogSettings
from rollbook.web.server import serve


def main() -> int:
    options = json.loads(sys.argv[1])
    options["limits"] = Limits(**options.get("limits", {}))
    options["log"] = LogSettings(**options.get("log", {}))
    try:
        serve(options.pop("app_factory"), **options, on_ready=lambda url: print("ready", url, flush=True))
    except RollbookError as error:
        print("refused:", error.detail, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
