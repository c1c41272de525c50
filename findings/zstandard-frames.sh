#!/usr/bin/env bash
# The Python package zstandard decompresses two zstd frames, of 100 and 200 bytes.
# Guess: each way gives 300 bytes, or an error, as the program zstd and the package pyzstd do.
# Seen: three ways give 100 without an error. A stream reader gives 300 to read(), and 100 to read(n),
# however large n is: the size of what one asks for decides whether one gets the second frame.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet zstandard==0.25.0 pyzstd==0.20.0
cat > read.py <<'P'
import pyzstd, zstandard
one = zstandard.ZstdCompressor().compress
data = one(b'a' * 100) + one(b'b' * 200)
d = zstandard.ZstdDecompressor()
print('pyzstd', len(pyzstd.decompress(data)))
print('decompress', len(d.decompress(data, max_output_size=1000)))
print('decompressobj', len(d.decompressobj().decompress(data)))
print('read_to_iter', sum(map(len, d.read_to_iter(data))))
print('read()', len(d.stream_reader(data).read()))
print('read(1000)', len(d.stream_reader(data).read(1000)))
P
seen=$(venv/bin/python read.py)
version='zstandard 0.25.0, pyzstd 0.20.0'
expected='300 everywhere'
known='pyzstd 300
decompress 100
decompressobj 100
read_to_iter 100
read() 300
read(1000) 100'
printf 'version: %s\nexpected: %s\nseen: %s\n' "$version" "$expected" "$seen"
[ "$seen" = "$known" ]
