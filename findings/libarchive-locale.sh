#!/usr/bin/env bash
# bsdcpio and bsdtar read a tar of Python's tarfile in the locale C, which services and containers have
# that set none. One name in it is that of a certificate in ca-certificates, with `ő` in it.
# Guess: names are bytes on Linux, so both files come out.
# Seen: bsdcpio stops there and never reaches the file after it; bsdtar unpacks both and fails all the
# same. The name stands in a pax record, which is UTF-8 and has to be spelled in the locale. The same
# bytes in the header (GNU format) are taken by both.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download --quiet libarchive-tools=3.6.2-1+deb12u5 libarchive13=3.6.2-1+deb12u5 > apt.txt 2>&1 || { cat apt.txt; exit 2; }
for package in *.deb; do dpkg-deb --extract "$package" root; done
export PATH="$folder/root/usr/bin:$folder/root/bin:$PATH" LD_LIBRARY_PATH="$folder/root/usr/lib/x86_64-linux-gnu"
cat > make.py <<'P'
import sys, tarfile
form = {'pax': tarfile.PAX_FORMAT, 'gnu': tarfile.GNU_FORMAT}[sys.argv[1]]
with tarfile.open('t.tar', 'w', format=form) as archive:
    for name in ('F\u0151tan\u00fas\u00edtv\u00e1ny.crt', 'after'):
        archive.addfile(tarfile.TarInfo(name))
P
seen=
for form in pax gnu; do
    python3 make.py "$form"
    for reader in 'bsdtar -xf t.tar -C out' 'cd out && bsdcpio -i -F ../t.tar'; do
        rm -rf out; mkdir out
        (export LC_ALL=C; eval "$reader" > /dev/null 2>&1) && end=success || end=failure
        seen+="$form: $(ls -A out | wc -l) and $end; "
    done
done
version='libarchive 3.6.2'
expected='2 and success, four times'
known='pax: 2 and failure; pax: 0 and failure; gnu: 2 and success; gnu: 2 and success; '
printf 'version: %s\nexpected: %s\nseen: %s\n' "$version" "$expected" "$seen"
[ "$seen" = "$known" ]
