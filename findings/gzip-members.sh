#!/usr/bin/env bash
# Six readers of gzip, given a tar in two gzip members, cut between two tar members.
# Guess: each gives both files, or an error. RFC 1952 lets a file have several members.
# Seen: five give the first file alone, without an error. Python's tarfile gives both when it may
# seek (r:gz), and one when it may not (r|gz). fflate gives as many bytes as the last member says that
# it has itself, so with members of unlike sizes it cuts in the middle of the first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet isal==1.9.1 zlib-ng==1.1.0
npm install --silent --no-audit --no-fund fflate@0.8.3
cat > make.py <<'P'
import gzip, io, tarfile
tar = io.BytesIO()
with tarfile.open(fileobj=tar, mode='w') as archive:
    for name in ('one', 'two'):
        archive.addfile(tarfile.TarInfo(name))
tar = tar.getvalue()
open('two.tar.gz', 'wb').write(gzip.compress(tar[:512]) + gzip.compress(tar[512:]))
P
cat > read.py <<'P'
import io, sys, tarfile, zlib
from isal import igzip_lib
from zlib_ng import zlib_ng
data = open('two.tar.gz', 'rb').read()
def count(**how):
    return len(tarfile.open(**how).getnames())
print('tarfile r:gz', count(name='two.tar.gz', mode='r:gz'))
print('tarfile r|gz', count(name='two.tar.gz', mode='r|gz'))
for name, tar in [
    ('zlib', zlib.decompress(data, 31)),
    ('zlib-ng', zlib_ng.decompress(data, 31)),
    ('isal', igzip_lib.decompress(data, flag=igzip_lib.DECOMP_GZIP)),
]:
    print(name, count(fileobj=io.BytesIO(tar)))
P
venv/bin/python make.py
seen=$(
    venv/bin/python read.py
    printf 'perl '
    perl -MIO::Uncompress::Gunzip=gunzip -e 'gunzip "two.tar.gz" => "-" or die' | tar -t | wc -l
    printf 'fflate '
    node -p 'require("fflate").gunzipSync(require("fs").readFileSync("two.tar.gz")).length'
)
version="isal 1.9.1, zlib-ng 1.1.0, fflate 0.8.3, $(python3 --version), perl $(perl -e 'print $^V')"
expected='2 files everywhere, and 10240 bytes by fflate'
known='tarfile r:gz 2
tarfile r|gz 1
zlib 1
zlib-ng 1
isal 1
perl 1
fflate 512'
printf 'version: %s\nexpected: %s\nseen: %s\n' "$version" "$expected" "$seen"
[ "$seen" = "$known" ]
