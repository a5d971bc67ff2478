"""Ask ccusage for the totals of a home, in the words of the suite.

python conformance/adapters/ccusage.py PATH-OF-CCUSAGE
"""

from __future__ import annotations

import json
import subprocess
import sys

done = subprocess.run(
    [sys.argv[1], "daily", "--json", "--offline"],
    capture_output=True,
    text=True,
    check=True,
)
totals = json.loads(done.stdout).get("totals", {})
print(
    json.dumps(
        {
            "input": totals.get("inputTokens", 0),
            "cache_read": totals.get("cacheReadTokens", 0),
            "cache_write": totals.get("cacheCreationTokens", 0),
            "output": totals.get("outputTokens", 0),
        }
    )
)
