#!/usr/bin/env bash
# busybox and toybox list an archive of Python's tarfile with a file of 8 GiB and one after it.
# tarfile puts such a size into a pax record, and 0 into the header, as POSIX has it.
# Guess: both are listed, or there is an error.
# Seen: the file is listed with the size 0, and the listing ends there with success. Base 256 in the
# header, which GNU tar writes, is understood by both.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download --quiet busybox=1:1.35.0-4+deb12u1+b1 toybox=0.8.9+dfsg-1 > apt.txt 2>&1 || { cat apt.txt; exit 2; }
for package in *.deb; do dpkg-deb --extract "$package" root; done
export PATH="$folder/root/usr/bin:$folder/root/bin:$PATH" LD_LIBRARY_PATH="$folder/root/usr/lib/x86_64-linux-gnu"
cat > make.py <<'P'
import sys, tarfile
huge, after = tarfile.TarInfo('huge'), tarfile.TarInfo('after')
huge.size = 8 << 30
form = {'pax': tarfile.PAX_FORMAT, 'gnu': tarfile.GNU_FORMAT}[sys.argv[1]]
with open('t.tar', 'wb') as archive:
    archive.write(huge.tobuf(form))
    archive.seek(huge.size, 1)
    archive.write(after.tobuf(form) + bytes(1024))
P
seen=
for form in pax gnu; do
    python3 make.py "$form"
    for box in busybox toybox; do
        names=$($box tar -tf t.tar | tr '\n' ' ') && seen+="$box $form: $names; " || seen+="$box $form: error; "
    done
done
version='busybox 1.35.0, toybox 0.8.9'
expected='huge after, four times'
known='busybox pax: huge ; toybox pax: huge ; busybox gnu: huge after ; toybox gnu: huge after ; '
printf 'version: %s\nexpected: %s\nseen: %s\n' "$version" "$expected" "$seen"
[ "$seen" = "$known" ]
