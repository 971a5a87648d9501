# SPDX-License-Identifier: BSD-2-Clause
"""Pages, as Chromium shows them."""

import subprocess

from PIL import Image


def draw(html, directory, size, picture):
    """HTML in a window of SIZE, (width, height), in few colours; files are in DIRECTORY."""
    page = directory / "page.html"
    page.write_text(html)
    subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
         f"--user-data-dir={directory}/chromium", "--window-size={},{}".format(*size),
         f"--screenshot={picture}", page.as_uri()],
        check=True, timeout=60, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with Image.open(picture) as shown:
        shown.convert("RGB").quantize(64).save(picture, optimize=True)
