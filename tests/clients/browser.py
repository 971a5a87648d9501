# SPDX-License-Identifier: BSD-2-Clause
"""Screenshots of web pages with Chromium."""

import subprocess

from PIL import Image

from polling import PATIENCE


def capture(address, picture, size, *options):
    """Take a screenshot of ADDRESS, of SIZE (width, height), as the PNG file PICTURE."""
    subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
         f"--user-data-dir={picture.parent}/chromium", "--window-size={},{}".format(*size),
         f"--screenshot={picture}", *options, address],
        check=True, timeout=PATIENCE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def draw(html, directory, size, picture):
    """Draw HTML of SIZE (width, height) with few colours. DIRECTORY is for temporary files."""
    page, shot = directory / "page.html", directory / "page.png"
    page.write_text(html)
    # Recent versions of Chromium draw a page that is shorter than the window.
    capture(page.as_uri(), shot, (size[0], size[1] + 150))
    with Image.open(shot) as shown:
        shown.convert("RGB").crop((0, 0, *size)).quantize(64).save(picture, optimize=True)
