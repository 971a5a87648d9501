# SPDX-License-Identifier: BSD-2-Clause
"""The READMEs' pictures, of what the tests make.

Where PICTURES is set they become integrations/NAME/picture.png in the sources.
"""

import os
import pathlib
import shutil
import subprocess

from PIL import Image

_INTEGRATIONS = pathlib.Path(__file__).parents[2] / "integrations"
_LARGEST = 80 << 10


def keep(name, picture):
    """PICTURE, a PNG file, is that of the integration NAME."""
    assert picture.read_bytes().startswith(b"\x89PNG"), picture
    assert 1000 < picture.stat().st_size < _LARGEST, picture.stat().st_size
    if os.environ.get("PICTURES"):
        shutil.copyfile(picture, _INTEGRATIONS / name / "picture.png")


def of_page(name, html, directory, size):
    """Of HTML, as Chromium shows it in SIZE, (width, height); files are in DIRECTORY."""
    page, picture = directory / f"{name}.html", directory / f"{name}.png"
    page.write_text(html)
    subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
         f"--user-data-dir={directory}/chromium", "--window-size={},{}".format(*size),
         f"--screenshot={picture}", page.as_uri()],
        check=True, timeout=60, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with Image.open(picture) as shown:
        shown.convert("RGB").quantize(64).save(picture, optimize=True)
    keep(name, picture)
