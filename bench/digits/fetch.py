"""Fetches the fonts of packages.txt from Debian and the npm registry: FOLDER/fonts/PACKAGE/*, and their licences.

    python bench/digits/fetch.py FOLDER             # about 3 minutes
    python bench/digits/fetch.py FOLDER --list      # also writes FONTS.md anew
"""
import argparse
import json
import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENDINGS = {".ttf", ".otf", ".ttc", ".woff2"}


def packages():
    """Names by registry."""
    found = {}
    for line in (HERE / "packages.txt").read_text().splitlines():
        if line.startswith("["):
            names = found.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            names += line.split()
    return found


def licence_of(text):
    """Short names of the licences in a Debian copyright file."""
    # Packaging and programs of a source package do not reach the fonts, but are listed too: nothing is hidden.
    short = re.findall(r"^License:[ \t]*(\S[^\n]*)", text, re.M)
    if not short:
        known = {"SIL OPEN FONT LICENSE": "OFL-1.1", "SIL Open Font License": "OFL-1.1", "GNU General Public": "GPL",
                 "GNU Lesser": "LGPL", "public domain": "public-domain", "Public Domain": "public-domain",
                 "LaTeX Project Public": "LPPL", "GUST Font License": "GFL", "Apache License": "Apache-2.0",
                 "MIT License": "MIT", "Bitstream": "Bitstream-Vera", "IPA Font License": "IPA"}
        short = [name for words, name in known.items() if words in text]
    return ", ".join(sorted(set(name.strip() for name in short))) or "see its copyright file"


def download(registry, names, folder):
    """Many in one call, since the client of each registry takes seconds to start."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [name for name in names if archive_of(registry, name, folder) is None]
    command = ["apt-get", "download", "-q"] if registry == "debian" else ["npm", "pack", "--silent"]
    scope = "" if registry == "debian" else "@fontsource/"
    for first in range(0, len(names), 40):
        part = [scope + name for name in names[first:first + 40]]
        subprocess.run([*command, *part], cwd=folder, check=True, capture_output=True)


def archive_of(registry, name, folder):
    """The package's file in the folder of archives, or None."""
    if registry == "debian":
        return next(folder.glob(f"{name}_*.deb"), None)
    start = f"fontsource-{name}-"
    return next((path for path in folder.glob(f"{start}*.tgz") if path.name[len(start)].isdigit()), None)


def debian(folder, archive, scratch):
    subprocess.run(["dpkg-deb", "-x", archive, scratch / "x"], check=True)
    notes = [path for path in scratch.glob("x/usr/share/doc/*/copyright") if path.is_file()]
    licence = licence_of("\n".join(path.read_text(errors="replace") for path in notes))
    for path in sorted(scratch.glob("x/usr/share/**/*")):
        if path.suffix.lower() in ENDINGS and path.is_file() and not path.is_symlink():
            shutil.copy(path, folder / path.name)
    return archive.name.split("_")[1].replace("%3a", ":"), licence, None


def npm(folder, archive, _scratch):
    with tarfile.open(archive) as package:
        about = json.load(package.extractfile("package/package.json"))
        for member in package.getmembers():
            # The digits are in the Latin subset.
            if re.search(r"-latin-\d+-(normal|italic)\.woff2$", member.name):
                data = package.extractfile(member).read()
                (folder / Path(member.name).name).write_bytes(data)
        category = json.load(package.extractfile("package/metadata.json"))["category"]
    return about["version"], about["license"], category


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--list", action="store_true", help="write FONTS.md")
    flags = arguments.parse_args()
    record = flags.folder / "fonts" / "packages.json"
    done = json.loads(record.read_text()) if record.is_file() else {}
    for registry, get in [("debian", debian), ("npm", npm)]:
        names = [name for name in packages()[registry] if name not in done]
        archives = flags.folder / "archives"
        download(registry, names, archives)
        for name in names:
            folder = flags.folder / "fonts" / name
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory() as scratch:
                version, licence, category = get(folder, archive_of(registry, name, archives), Path(scratch))
            done[name] = {"registry": registry, "version": version, "licence": licence, "category": category}
            print(name, version, licence, len(list(folder.iterdir())), flush=True)
            record.write_text(json.dumps(done, indent=1))
    if flags.list:
        write_list(done)


def write_list(done):
    rows = [f"| {name} | {one['registry']} | {one['version']} | {one['licence']} |" for name, one in sorted(done.items())]
    (HERE / "FONTS.md").write_text(
        "# Fonts of the training data of the built-in models\n\n"
        "No font is in this repository: `fetch.py` gets these packages. All are in Debian's main section, which takes free\n"
        "licences only, or packed by Fontsource (npm packages `@fontsource/NAME`). Licences are those that the packages\n"
        "state, including those of files that are not fonts. Written by `fetch.py --list`.\n\n"
        "| package | from | version | licences |\n| --- | --- | --- | --- |\n" + "\n".join(rows) + "\n"
    )


if __name__ == "__main__":
    main()
