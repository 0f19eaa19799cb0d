"""Find Chromium for the browser tests, or install Debian's package when we are root there.

Without either, the browser tests are skipped with that reason; in CI that is a failure.
"""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HINT = "Install it (Debian, Ubuntu: apt-get install chromium) or name one: CHROMIUM=/path/to/it"


def main() -> int:
    """Return 0 when a Chromium is there in the end, or when nobody insists on one."""
    missing = 1 if os.environ.get("CI") else 0
    if os.environ.get("CHROMIUM") or any(map(shutil.which, NAMES)):
        return 0
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        print(f"No Chromium found: the browser tests will be skipped. {HINT}", file=sys.stderr)
        return missing
    print("== Chromium from the distribution's packages (once)")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in ([apt, "update", "-qq"], [apt, "install", "-y", "-qq", "chromium"]):
        done = subprocess.run(command, env=env, stdout=subprocess.DEVNULL, check=False)
        if done.returncode:
            print(f"{' '.join(command)} failed. {HINT}", file=sys.stderr)
            return missing
    return 0


if __name__ == "__main__":
    sys.exit(main())
