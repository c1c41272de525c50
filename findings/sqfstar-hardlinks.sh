#!/usr/bin/env bash
# sqfstar reads what `tar -c .` wrote: a file with a name of 150 bytes, and a hard link to it.
# Guess: the squashfs has both names.
# Seen: it has the file alone. A line says so, but the end is success. GNU tar keeps the target
# `./nnn...` in a member of its own before the link; sqfstar takes `./` off names, but not off such a
# target, and finds no file. Without the dot (`tar -c *`) both names are there.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download --quiet squashfs-tools=1:4.5.1-1 liblzo2-2 > apt.txt 2>&1 || { cat apt.txt; exit 2; }
for package in *.deb; do dpkg-deb --extract "$package" root; done
export PATH="$folder/root/usr/bin:$folder/root/bin:$PATH" LD_LIBRARY_PATH="$folder/root/usr/lib/x86_64-linux-gnu"
mkdir tree
name=$(printf 'n%.0s' {1..150})
echo content > "tree/$name"
ln "tree/$name" tree/z
seen=
for what in . '*'; do
    # GNU tar names first what it finds first, and the rest are links to that.
    (cd tree && tar --format=gnu --sort=name -cf ../t.tar $what)
    sqfstar -quiet -no-progress t.sqfs < t.tar > said.txt 2>&1 && end=success || end=failure
    seen+="$(unsquashfs -ll -quiet t.sqfs | grep -c '^-') and $end; "
    rm t.sqfs
done
version="squashfs-tools 4.5.1, $(tar --version | head -1)"
expected='2 and success; 2 and success; '
known='1 and success; 2 and success; '
printf 'version: %s\nexpected: %s\nseen: %s\n' "$version" "$expected" "$seen"
[ "$seen" = "$known" ]
