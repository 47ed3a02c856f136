"""Takes the README's picture: `make screenshot`."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.browser import visit
from tests.support.clients import samples

if __name__ == "__main__":
    with (
        TemporaryDirectory() as folder,
        # In batches small enough for the bar to stop on its way.
        samples(Path(folder, "samples"), seed_batch=10) as server,
    ):
        visit(Path(__file__).parent, "picture", server.url, picture=Path(sys.argv[1]).resolve())
