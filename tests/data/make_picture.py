#!/usr/bin/env python3
"""Draws the sample picture sign.png; needs Pillow. The picture is committed, since fonts change.

usage: make_picture.py [FILE]
"""

import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

LINES = [
    (40, "Welcome to the Quiet Sandbox", (30, 40, 80)),
    (26, "Reception open 07:30 - 22:00, room keys at the bar", (20, 20, 20)),
    (26, "Guests bring their own modules; models are on the house.", (20, 20, 20)),
    (30, "Breakfast 12.50, dinner 34.00", (140, 30, 30)),
    (22, "Questions? Call +49 30 1234567 or write to inn@example.org", (20, 20, 20)),
]


def main() -> None:
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("sign.png")
    picture = Image.new("RGB", (760, 340), (250, 245, 230))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((8, 8, 751, 331), outline=(120, 90, 50), width=3)
    y = 30
    for size, text, color in LINES:
        draw.text((36, y), text, fill=color, font=ImageFont.load_default(size))
        y += size + 30
    picture.save(target, optimize=True)


if __name__ == "__main__":
    main()
