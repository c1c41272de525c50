#!/usr/bin/env bash
# toybox unpacks a symbolic link with a target of 160 bytes, as Python's tarfile writes it by itself.
# Guess: the link has the target, or there is an error. It reads the pax record of a long name.
# Seen: of the target it takes the 100 bytes that stand in the header, and reports success.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download --quiet toybox=0.8.9+dfsg-1 > apt.txt 2>&1 || { cat apt.txt; exit 2; }
for package in *.deb; do dpkg-deb --extract "$package" root; done
export PATH="$folder/root/usr/bin:$folder/root/bin:$PATH" LD_LIBRARY_PATH="$folder/root/usr/lib/x86_64-linux-gnu"
cat > make.py <<'P'
import tarfile
with tarfile.open('t.tar', 'w') as archive:
    member = tarfile.TarInfo('n' * 150)
    archive.addfile(member)
    member = tarfile.TarInfo('link')
    member.type, member.linkname = tarfile.SYMTYPE, 't' * 160
    archive.addfile(member)
P
python3 make.py
toybox tar -xf t.tar && code=0 || code=$?
target=$(readlink link)
seen="status $code, name $(ls | grep -c "^n\{150\}$"), target ${#target}"
version='toybox 0.8.9'
expected='status 0, name 1, target 160'
known='status 0, name 1, target 100'
printf 'version: %s\nexpected: %s\nseen: %s\n' "$version" "$expected" "$seen"
[ "$seen" = "$known" ]
