#!/usr/bin/env bash
# The Python package zstandard decompresses what pzstd wrote, of 3,000,000 bytes. pzstd puts a
# skippable frame of 12 bytes before each of its frames.
# Guess: a skippable frame is skipped, so what comes out is the first frame at least.
# Seen: decompressobj and read_to_iter give nothing at all, without an error: they stop at the end of
# the frame that is skipped. decompress fails with words about other sizes than any in the file.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet zstandard==0.25.0
apt-get download --quiet zstd=1.5.4+dfsg2-5+deb12u1 > apt.txt 2>&1 || { cat apt.txt; exit 2; }
for package in *.deb; do dpkg-deb --extract "$package" root; done
export PATH="$folder/root/usr/bin:$folder/root/bin:$PATH" LD_LIBRARY_PATH="$folder/root/usr/lib/x86_64-linux-gnu"
head -c 3000000 /dev/zero > plain
pzstd --quiet --processes 2 plain -o plain.zst
cat > read.py <<'P'
import zstandard
data = open('plain.zst', 'rb').read()
d = zstandard.ZstdDecompressor()
print('decompressobj', len(d.decompressobj().decompress(data)))
print('read_to_iter', sum(map(len, d.read_to_iter(data))))
print('read()', len(d.stream_reader(data).read()))
try:
    print('decompress', len(d.decompress(data)))
except zstandard.ZstdError as error:
    print('decompress', error)
P
seen=$(venv/bin/python read.py)
version='zstandard 0.25.0, pzstd 1.5.4'
expected='3000000 everywhere, or the size of the first frame'
known='decompressobj 0
read_to_iter 0
read() 3000000
decompress decompression error: decompressed 0 bytes; expected 4'
printf 'version: %s\nexpected: %s\nseen: %s\n' "$version" "$expected" "$seen"
[ "$seen" = "$known" ]
