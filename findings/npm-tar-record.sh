#!/usr/bin/env bash
# The npm package tar lists a name of 151 bytes that is not UTF-8, as Python's tarfile writes it: in a
# pax record, after one that says `hdrcharset=BINARY`.
# Guess: the name has 151 bytes, some of them replaced.
# Seen: it has the 100 bytes of the header. A record whose length differs after decoding is dropped, and
# no warning is given.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund tar@7.5.23
cat > make.py <<'P'
import tarfile
with tarfile.open('t.tar', 'w', format=tarfile.PAX_FORMAT) as archive:
    archive.addfile(tarfile.TarInfo('\udcff' + 'n' * 150))
P
python3 make.py
seen=$(node -e 'require("tar").t({ file: "t.tar", sync: true,
    onwarn: code => console.log(code), onReadEntry: entry => console.log(entry.path.length) })')
version='tar 7.5.23 (npm)'
expected='151'
known='100'
printf 'version: %s\nexpected: %s\nseen: %s\n' "$version" "$expected" "$seen"
[ "$seen" = "$known" ]
