#!/usr/bin/env python3
"""Fills a folder with sample files of many kinds.

usage: make_samples.py FOLDER

Copies the text files and the picture that lie beside this script, and makes the binary ones. The
content is the same on every run, except for the ELF program, which is the system's own shell.
"""

import gzip
import io
import math
import shutil
import sqlite3
import struct
import sys
import tarfile
import wave
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def pdf() -> bytes:
    text = b"BT /F1 24 Tf 72 720 Td (Welcome to the inn) Tj ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for place in places:
        out += b"%010d 00000 n \n" % place
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        start,
    )
    return bytes(out)


def wav() -> bytes:
    rate = 8000
    samples = [round(20000 * math.sin(2 * math.pi * 440 * i / rate)) for i in range(rate // 2)]
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return buffer.getvalue()


def zip_archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("hello.c", "page.html", "rooms.json"):
            entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, (HERE / "files" / name).read_bytes())
    return buffer.getvalue()


def tar_archive() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in ("hello.c", "plan.xml"):
            data = (HERE / "files" / name).read_bytes()
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def wasm() -> bytes:
    """A module with one exported function that adds two numbers."""
    return bytes.fromhex(
        "0061736d01000000"
        "0107016002" "7f7f" "017f"
        "03020100"
        "0707010361646400" "00"
        "0a09010700200020016a0b"
    )


def database(path: Path) -> None:
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE room (number INTEGER PRIMARY KEY, beds INTEGER, view TEXT)")
    connection.executemany(
        "INSERT INTO room VALUES (?, ?, ?)", [(1, 2, None), (2, 1, "garden"), (3, 4, "lake")]
    )
    connection.commit()
    connection.close()


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: make_samples.py FOLDER")
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for source in sorted((HERE / "files").iterdir()):
        shutil.copyfile(source, folder / source.name)
    shutil.copyfile(HERE / "sign.png", folder / "sign.png")
    (folder / "letter.pdf").write_bytes(pdf())
    (folder / "tone.wav").write_bytes(wav())
    (folder / "archive.zip").write_bytes(zip_archive())
    (folder / "archive.tar").write_bytes(tar_archive())
    (folder / "page.html.gz").write_bytes(
        gzip.compress((HERE / "files" / "page.html").read_bytes(), mtime=0)
    )
    (folder / "add.wasm").write_bytes(wasm())
    (folder / "empty").write_bytes(b"")
    (folder / "broken-utf8").write_bytes(b"\xff\xfe\xc0")
    database(folder / "rooms.db")
    shutil.copyfile(Path("/bin/sh").resolve(), folder / "shell.elf")


if __name__ == "__main__":
    main()
