//! Readers of layers that are Rust libraries, one for each first argument.

use std::error::Error;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let mut arguments = std::env::args_os().skip(1);
    let reader = arguments.next().ok_or("which reader?")?;
    let first = PathBuf::from(arguments.next().ok_or("of what?")?);
    match reader.to_str() {
        Some("flate2") => flate2(&first),
        Some("dkregistry") => dkregistry(&first, arguments.map(PathBuf::from)),
        Some("oci-unpack") => oci_unpack(&first, Path::new(&arguments.next().ok_or("where to?")?)),
        Some("ocipkg") => ocipkg(&first),
        _ => Err(format!("no reader {reader:?}").into()),
    }
}

/// One member, to stdout.
fn flate2(layer: &Path) -> Outcome {
    let mut decoder = flate2::read::GzDecoder::new(fs::File::open(layer)?);
    io::copy(&mut decoder, &mut io::stdout().lock())?;
    Ok(())
}

/// Layers into a folder.
fn dkregistry(folder: &Path, layers: impl Iterator<Item = PathBuf>) -> Outcome {
    let layers = layers.map(fs::read).collect::<Result<Vec<_>, _>>()?;
    Ok(dkregistry::render::unpack(&layers, folder)?)
}

/// The image of a layout, through HTTP on this machine, into a folder's `rootfs`.
fn oci_unpack(layout: &Path, folder: &Path) -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let name = format!(
        "127.0.0.1:{}/team/image:pulled",
        listener.local_addr()?.port()
    );
    let served = layout.to_owned();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = answer(stream, &served);
        }
    });
    let reference = oci_unpack::Reference::try_from(name.as_str())?;
    // The kernel may have no Landlock, and the folder is of no worth.
    let unpacker = oci_unpack::Unpacker::new(reference).require_sandbox(false);
    Ok(unpacker.unpack(folder)?)
}

/// The image of a layout, by the list of its files, to stdout.
fn ocipkg(layout: &Path) -> Outcome {
    for file in ocipkg::image::Artifact::from_oci_dir(layout)?.files()? {
        println!("{}", file.display());
    }
    Ok(())
}

/// Answers one request of a registry's client from a layout.
fn answer(mut stream: TcpStream, layout: &Path) -> io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    // A client that still writes when the answer is there may not read it.
    while lines
        .next()
        .transpose()?
        .is_some_and(|line| !line.is_empty())
    {}
    let path = request.split(' ').nth(1).unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    let blob = |digest: &str| layout.join("blobs").join(digest.replace(':', "/"));
    let (kind, body) = if path.contains("/manifests/") {
        let index = fs::read_to_string(layout.join("index.json"))?;
        let from = index.find("sha256:").map_or("", |at| &index[at..]);
        let digest = from.split('"').next().unwrap_or_default();
        (
            "application/vnd.oci.image.manifest.v1+json",
            fs::read(blob(digest))?,
        )
    } else if path.contains("/blobs/") {
        ("application/octet-stream", fs::read(blob(last))?)
    } else {
        ("application/json", b"{}".to_vec())
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    if !request.starts_with("HEAD ") {
        stream.write_all(&body)?;
    }
    Ok(())
}
