#!/usr/bin/env bash
# sqfstar reads a tar that Python's tarfile wrote, with a file one second older than 1970, or of the
# year 2242. tarfile writes such a time as a pax record without a fraction.
# Guess: the file is in the squashfs, with a time that 32 bits hold.
# Seen: it refuses the archive ("Failed to parse pax header"). The same record with `.0` is taken.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download --quiet squashfs-tools=1:4.5.1-1 liblzo2-2 > apt.txt 2>&1 || { cat apt.txt; exit 2; }
for package in *.deb; do dpkg-deb --extract "$package" root; done
export PATH="$folder/root/usr/bin:$folder/root/bin:$PATH" LD_LIBRARY_PATH="$folder/root/usr/lib/x86_64-linux-gnu"
cat > make.py <<'P'
import sys, tarfile
with tarfile.open('t.tar', 'w', format=tarfile.PAX_FORMAT) as archive:
    member = tarfile.TarInfo('file')
    member.pax_headers = {'mtime': sys.argv[1]}
    archive.addfile(member)
P
seen=
for time in -1 8589934597 -1.0 8589934597.0; do
    python3 make.py "$time"
    seen+="$time: $(sqfstar -quiet -no-progress "./$time.sqfs" < t.tar > said.txt 2>&1 && echo taken || echo refused); "
done
version='squashfs-tools 4.5.1'
expected='taken, four times'
known='-1: refused; 8589934597: refused; -1.0: taken; 8589934597.0: taken; '
printf 'version: %s\nexpected: %s\nseen: %s\n' "$version" "$expected" "$seen"
[ "$seen" = "$known" ]
