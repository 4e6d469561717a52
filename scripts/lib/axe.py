"""axe-core, the accessibility checker (MPL-2.0): fetched when it is needed, never kept in the repository.

pip fetches it as a wheel from PyPI; version and digest are fixed.
"""

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

PACKAGE = "axe-playwright-python==0.1.8"
SHA256 = "fdd263c998388f1a8e67cad02677e612d946248bd44d163be5e8650ea31f95f8"
MEMBER = "axe_playwright_python/axe.min.js"
# The rules for WCAG 2.2 up to level AA, and the best practices of axe's authors.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class Unavailable(Exception):
    """axe-core cannot be fetched; the text says why."""


def source(folder):
    """The text of the checker's script, cached in `folder`."""
    wheels = list(Path(folder).glob("axe_playwright_python-*.whl"))
    if not wheels:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), PACKAGE]
        done = subprocess.run(command, capture_output=True, text=True)
        wheels = list(Path(folder).glob("axe_playwright_python-*.whl"))
        if done.returncode != 0 or not wheels:
            raise Unavailable(f"pip could not fetch {PACKAGE}: {(done.stderr.strip().splitlines() or ['nothing said'])[-1]}")
    found = hashlib.sha256(wheels[0].read_bytes()).hexdigest()
    if found != SHA256:
        raise Unavailable(f"{wheels[0].name} has the SHA-256 {found}, not {SHA256}")
    with zipfile.ZipFile(wheels[0]) as wheel:
        return wheel.read(MEMBER).decode("utf-8")


def violations(tab, script):
    """The accessibility defects of a page: one line per broken rule, with the first places."""
    tab.evaluate(script + ";0")
    run = f"axe.run(document, {{runOnly: {{type: 'tag', values: {TAGS}}}, resultTypes: ['violations']}})"
    found = tab.evaluate(run + ".then(r => r.violations.map(v => `${v.id}: ${v.help}: ` + v.nodes.slice(0, 4)"
                         ".map(n => n.target.join(' ') + ' ' + (n.any[0]?.message ?? n.all[0]?.message ?? '')).join('; ')))")
    return found
