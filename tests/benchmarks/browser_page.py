"""Whether the page of `kfood export --page` answers in headless Chromium as the exported model does.

usage: python tests/benchmarks/browser_page.py FOLDER PHOTOS... [--most 500]

FOLDER is what `kfood export RUN --page` wrote, PHOTOS are photos or folders of them. It prints how many first answers
change, the largest differences of a probability and of a pixel that the network is given, and the milliseconds that the
browser takes for a photo: to prepare it, and to prepare and predict it.
"""

from __future__ import annotations

import argparse
import base64
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from kfood.data.photo import EXTENSIONS
from kfood.exported.predict import Model
from support.browser import chromium, files_served

ASK = """
const [content, done] = arguments, base64 = bytes => {
    let text = "";
    for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
    return btoa(text);
};
(async () => {
    const [ask, { prepared }] = await Promise.all([import("/ask.js"), import("/pixels.js")]);
    window.how ??= await (await fetch("/model.json")).json();
    await (window.opened ??= ask.open());
    const photo = new Blob([Uint8Array.from(atob(content), letter => letter.charCodeAt(0))]), began = performance.now();
    const pixels = await prepared(photo, how), ready = performance.now();
    const probabilities = await ask.probabilities(photo);
    done({ pixels: base64(pixels), probabilities, prepare: ready - began, predict: performance.now() - ready });
})().catch(error => done({ error: error.message }));
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("photos", type=Path, nargs="+")
    parser.add_argument("--most", type=int, default=500, help="of the photos, evenly taken")
    arguments = parser.parse_args()
    files = [file for each in arguments.photos for file in ([each] if each.is_file() else sorted(each.rglob("*")))]
    photos = [file for file in files if file.suffix.lower() in EXTENSIONS]
    photos = photos[:: -(-len(photos) // arguments.most)]
    model = Model(arguments.folder / "model.onnx")
    shares, pixels, changed, prepare, predict = [], [], [], [], []
    with tempfile.TemporaryDirectory() as profile, files_served(arguments.folder) as address:
        for browser in chromium(Path(profile)):
            browser.set_script_timeout(300)
            browser.get(address)
            for path in photos:
                here = browser.execute_async_script(ASK, base64.b64encode(Path(path).read_bytes()).decode())
                if "error" in here:
                    print(f"{path}: {here['error']}")
                    continue
                wanted = model.prepare(path)
                there = model.probabilities(wanted[None])[0]
                given = np.frombuffer(base64.b64decode(here["pixels"]), np.uint8).reshape(wanted.shape)
                shares.append(np.abs(there - here["probabilities"]).max())
                pixels.append(np.abs(wanted.astype(int) - given).max())
                if there.argmax() != np.argmax(here["probabilities"]):
                    changed.append(path)
                prepare.append(here["prepare"])
                predict.append(here["predict"])
    print(f"{len(shares)} photos: {len(changed)} first answers changed {changed}")
    print(f"largest difference: {max(shares):.2g} in a probability, {max(pixels)} in a pixel (of 255)")
    print(f"median: {statistics.median(prepare):.0f} ms to prepare, {statistics.median(predict):.0f} ms for all")


if __name__ == "__main__":
    main()
