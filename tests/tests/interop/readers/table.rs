//! The readers, each as a command line.

/// A program, or a library as a program calls it, that reads a layer.
pub(super) struct Reader {
    pub(super) name: &'static str,
    pub(super) gives: Gives,
    /// `{layer}` stands for the blob, `{place}` for where the readers of no distribution are.
    pub(super) command: &'static [&'static str],
}

/// What a reader prints.
#[derive(Clone, Copy)]
pub(super) enum Gives {
    /// The layer without its compression.
    Tar,
    /// The members' names, one on each line.
    Names,
    /// Nothing: it fails if it is not content.
    Nothing,
}

const fn tar(name: &'static str, command: &'static [&'static str]) -> Reader {
    let gives = Gives::Tar;
    Reader {
        name,
        gives,
        command,
    }
}

const fn names(name: &'static str, command: &'static [&'static str]) -> Reader {
    let gives = Gives::Names;
    Reader {
        name,
        gives,
        command,
    }
}

const fn check(name: &'static str, command: &'static [&'static str]) -> Reader {
    let gives = Gives::Nothing;
    Reader {
        name,
        gives,
        command,
    }
}

pub(super) const GZIP: &[Reader] = &[
    tar("gzip", &["gzip", "-dc", "{layer}"]),
    tar("pigz", &["pigz", "-dc", "{layer}"]),
    tar("igzip", &["igzip", "-dc", "{layer}"]),
    tar(
        "busybox gunzip",
        &["sh", "-c", "busybox gunzip -c < {layer}"],
    ),
    tar("toybox gunzip", &["sh", "-c", "toybox gunzip -c < {layer}"]),
    tar("7z", &["7z", "x", "-so", "-tgzip", "{layer}"]),
    names("GNU tar", &["tar", "-tzf", "{layer}"]),
    names("bsdtar", &["bsdtar", "-tf", "{layer}"]),
    names("busybox tar", &["busybox", "tar", "-tzf", "{layer}"]),
    names("toybox tar", &["toybox", "tar", "tzf", "{layer}"]),
    names(
        "Python tarfile r:gz",
        &["python3", "-c", TARFILE, "r:gz", "{layer}"],
    ),
    names(
        "Python tarfile r|gz",
        &["python3", "-c", TARFILE, "r|gz", "{layer}"],
    ),
    names(
        "Python tarfile r|*",
        &["python3", "-c", TARFILE, "r|*", "{layer}"],
    ),
    tar(
        "Python zlib.decompressobj",
        &["python3", "-c", DECOMPRESSOBJ, "{layer}"],
    ),
    check("one member", &["python3", "-c", ONE_MEMBER, "{layer}"]),
    tar(
        "Perl IO::Uncompress::Gunzip",
        &[
            "perl",
            "-MIO::Uncompress::Gunzip=gunzip",
            "-e",
            GUNZIP,
            "{layer}",
        ],
    ),
    tar(
        "Perl Compress::Zlib",
        &["perl", "-MCompress::Zlib", "-e", MEM_GUNZIP, "{layer}"],
    ),
];

pub(super) const GZIP_PACKAGES: &[Reader] = &[
    tar(
        "PyPI isal igzip_lib",
        &["{place}/python/bin/python", "-c", IGZIP_LIB, "{layer}"],
    ),
    tar(
        "PyPI isal decompressobj",
        &["{place}/python/bin/python", "-c", ISAL, "{layer}"],
    ),
    tar(
        "PyPI zlib-ng",
        &["{place}/python/bin/python", "-c", ZLIB_NG, "{layer}"],
    ),
    tar(
        "Node zlib.createGunzip",
        &["node", "-e", CREATE_GUNZIP, "{layer}"],
    ),
    names("npm tar", &["node", "-e", NPM_TAR, "{layer}"]),
    names("npm tar-stream", &["node", "-e", TAR_STREAM, "{layer}"]),
    tar("npm fflate", &["node", "-e", FFLATE, "{layer}"]),
    tar("npm pako", &["node", "-e", PAKO, "{layer}"]),
    tar("Go, one member", &["{place}/gunzip", "{layer}"]),
    tar(
        "Rust flate2 GzDecoder",
        &["{place}/readers", "flate2", "{layer}"],
    ),
];

pub(super) const ZSTD: &[Reader] = &[
    tar("zstd", &["sh", "-c", "zstd -dcq < {layer}"]),
    // The second line begins with the number of frames, the skippable ones left out.
    check(
        "one frame",
        &[
            "sh",
            "-c",
            "test $(zstd -l {layer} | awk 'NR == 2 { print $1 }') -eq 1",
        ],
    ),
    tar("7z", &["7z", "x", "-so", "-tzstd", "{layer}"]),
    names("GNU tar", &["tar", "--zstd", "-tf", "{layer}"]),
    names("bsdtar", &["bsdtar", "-tf", "{layer}"]),
];

/// zstandard's `decompress` is told how much to expect at most, since a frame need not say it.
pub(super) const ZSTD_PACKAGES: &[Reader] = &[
    tar(
        "PyPI zstandard decompress",
        &[
            "{place}/python/bin/python",
            "-c",
            ZSTANDARD,
            "d.decompress(data, max_output_size=1 << 30)",
            "{layer}",
        ],
    ),
    tar(
        "PyPI zstandard decompressobj",
        &[
            "{place}/python/bin/python",
            "-c",
            ZSTANDARD,
            "d.decompressobj().decompress(data)",
            "{layer}",
        ],
    ),
    tar(
        "PyPI zstandard read_to_iter",
        &[
            "{place}/python/bin/python",
            "-c",
            ZSTANDARD,
            "b''.join(d.read_to_iter(data))",
            "{layer}",
        ],
    ),
    tar(
        "PyPI zstandard stream_reader",
        &[
            "{place}/python/bin/python",
            "-c",
            ZSTANDARD,
            "d.stream_reader(data).read()",
            "{layer}",
        ],
    ),
];

pub(super) const TAR: &[Reader] = &[
    names("GNU tar", &["tar", "-tf", "{layer}"]),
    names("bsdtar", &["bsdtar", "-tf", "{layer}"]),
    names("busybox tar", &["busybox", "tar", "-tf", "{layer}"]),
    names("toybox tar", &["toybox", "tar", "tf", "{layer}"]),
    names(
        "Python tarfile r|",
        &["python3", "-c", TARFILE, "r|", "{layer}"],
    ),
];

const TARFILE: &str = "import sys, tarfile
for member in tarfile.open(sys.argv[2], sys.argv[1]): print(member.name)";
const DECOMPRESSOBJ: &str = "import sys, zlib
sys.stdout.buffer.write(zlib.decompressobj(31).decompress(open(sys.argv[1], 'rb').read()))";
const ONE_MEMBER: &str = "import sys, zlib
d = zlib.decompressobj(31)
d.decompress(open(sys.argv[1], 'rb').read())
sys.exit(f'{len(d.unused_data)} bytes follow' if d.unused_data else 0 if d.eof else 'no end')";
const GUNZIP: &str = "binmode STDOUT; gunzip $ARGV[0] => '-' or die";
const MEM_GUNZIP: &str = "binmode STDOUT; local $/; open F, '<:raw', $ARGV[0]; \
    print Compress::Zlib::memGunzip(<F>) // die";
const IGZIP_LIB: &str = "import sys, isal.igzip_lib as z
sys.stdout.buffer.write(z.decompress(open(sys.argv[1], 'rb').read(), flag=z.DECOMP_GZIP))";
const ISAL: &str = "import sys, isal.isal_zlib as z
sys.stdout.buffer.write(z.decompressobj(31).decompress(open(sys.argv[1], 'rb').read()))";
const ZLIB_NG: &str = "import sys, zlib_ng.zlib_ng as z
sys.stdout.buffer.write(z.decompress(open(sys.argv[1], 'rb').read(), 31))";
const ZSTANDARD: &str = "import sys, zstandard
data, d = open(sys.argv[2], 'rb').read(), zstandard.ZstdDecompressor()
sys.stdout.buffer.write(eval(sys.argv[1]))";
const CREATE_GUNZIP: &str = "require('fs').createReadStream(process.argv[1])
    .pipe(require('zlib').createGunzip()).pipe(process.stdout)";
const NPM_TAR: &str = "require('tar').t({
    file: process.argv[1], sync: true, onReadEntry: entry => console.log(entry.path) })";
const TAR_STREAM: &str = "const extract = require('tar-stream').extract();
extract.on('entry', (header, stream, next) => {
    console.log(header.name); stream.on('end', next); stream.resume(); });
require('fs').createReadStream(process.argv[1])
    .pipe(require('zlib').createGunzip()).pipe(extract)";
const FFLATE: &str = "process.stdout.write(require('fflate').gunzipSync(require('fs').readFileSync(process.argv[1])))";
const PAKO: &str =
    "process.stdout.write(require('pako').ungzip(require('fs').readFileSync(process.argv[1])))";
