# SPDX-License-Identifier: BSD-2-Clause
"""Pages, as Chromium shows them."""

import subprocess

from PIL import Image


def capture(address, picture, size, *options):
    """Make the PNG file PICTURE of ADDRESS, as Chromium shows it in SIZE, (width, height)."""
    subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
         f"--user-data-dir={picture.parent}/chromium", "--window-size={},{}".format(*size),
         f"--screenshot={picture}", *options, address],
        check=True, timeout=60, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def draw(html, directory, size, picture):
    """HTML in a window of SIZE, (width, height), in few colours; files are in DIRECTORY."""
    page, shot = directory / "page.html", directory / "page.png"
    page.write_text(html)
    capture(page.as_uri(), shot, size)
    with Image.open(shot) as shown:
        shown.convert("RGB").quantize(64).save(picture, optimize=True)
