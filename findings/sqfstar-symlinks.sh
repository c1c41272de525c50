#!/usr/bin/env bash
# sqfstar reads symbolic links whose targets stand in pax records, as Python's tarfile and Go write
# every target of more than 100 bytes.
# Guess: the links in the squashfs have the targets of the archive.
# Seen: `../`, `./` and `/` are taken off the beginning of the target, as if it were the name of a
# member, so that the link points elsewhere. Targets of 100 bytes and less, in the header, are whole.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download --quiet squashfs-tools=1:4.5.1-1 liblzo2-2 > apt.txt 2>&1 || { cat apt.txt; exit 2; }
for package in *.deb; do dpkg-deb --extract "$package" root; done
export PATH="$folder/root/usr/bin:$folder/root/bin:$PATH" LD_LIBRARY_PATH="$folder/root/usr/lib/x86_64-linux-gnu"
cat > make.py <<'P'
import tarfile
with tarfile.open('t.tar', 'w', format=tarfile.PAX_FORMAT) as archive:
    for name, start in [('up', '../'), ('root', '/'), ('plain', 'd/')]:
        for length in (60, 160):
            member = tarfile.TarInfo(f'{name}{length}')
            member.type = tarfile.SYMTYPE
            member.linkname = start + 'x' * (length - len(start))
            archive.addfile(member)
P
python3 make.py
sqfstar -quiet -no-progress t.sqfs < t.tar
unsquashfs -quiet -no-progress -d links t.sqfs > said.txt
seen=$(cd links && for link in up60 root60 plain60 up160 root160 plain160; do
    target=$(readlink "$link")
    printf '%s %s, ' "$link" "${#target}"
done)
version='squashfs-tools 4.5.1'
expected='up60 60, root60 60, plain60 60, up160 160, root160 160, plain160 160, '
known='up60 60, root60 60, plain60 60, up160 157, root160 159, plain160 160, '
printf 'version: %s\nexpected: %s\nseen: %s\n' "$version" "$expected" "$seen"
[ "$seen" = "$known" ]
