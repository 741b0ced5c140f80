"""What the atlas costs and what its pictures are worth, measured on the machine at hand."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build"
