//! A layer as text.

use longshore_protocol::{Content, Digest};
use serde::{Deserialize, Serialize};

use super::Key;
use crate::lost::LostCounts;
use crate::notice::SpecialFiles;
use crate::pack::{Compression, Layer, Summary};

pub(super) fn text(key: &Key, layer: &Layer) -> String {
    let Summary {
        members,
        files,
        bytes,
        hard_links,
        newest,
        setuid,
        setgid,
        special,
        lost,
    } = layer.summary;
    let record = Record {
        key: key.name(),
        digest: layer.content.digest.to_string(),
        size: layer.content.size,
        diff_id: layer.diff_id.to_string(),
        uncompressed_size: layer.uncompressed_size,
        compression: match layer.compression {
            Compression::None => Form::None,
            Compression::Gzip => Form::Gzip,
            Compression::Zstd => Form::Zstd,
        },
        counts: [members, files, bytes, hard_links, setuid, setgid],
        newest,
        special: [special.devices, special.fifos, special.sockets],
        lost: [lost.capabilities, lost.acls, lost.attributes, lost.owners],
    };
    serde_json::to_string(&record).expect("strings and numbers")
}

/// The layer in `text`, if it is the one of this key.
pub(super) fn parse(text: &str, key: &Key) -> Option<Layer> {
    let record: Record = serde_json::from_str(text).ok()?;
    if record.key != key.name() {
        return None;
    }
    let digest = |text: &str| text.parse::<Digest>().ok();
    let [members, files, bytes, hard_links, setuid, setgid] = record.counts;
    let [devices, fifos, sockets] = record.special;
    let [capabilities, acls, attributes, owners] = record.lost;
    Some(Layer {
        content: Content {
            digest: digest(&record.digest)?,
            size: record.size,
        },
        diff_id: digest(&record.diff_id)?,
        uncompressed_size: record.uncompressed_size,
        compression: match record.compression {
            Form::None => Compression::None,
            Form::Gzip => Compression::Gzip,
            Form::Zstd => Compression::Zstd,
        },
        summary: Summary {
            members,
            files,
            bytes,
            hard_links,
            newest: record.newest,
            setuid,
            setgid,
            special: SpecialFiles {
                devices,
                fifos,
                sockets,
            },
            lost: LostCounts {
                capabilities,
                acls,
                attributes,
                owners,
            },
        },
    })
}

#[derive(Deserialize, Serialize)]
struct Record {
    /// The file's own name: one that was copied to another name is of no use there.
    key: String,
    digest: String,
    size: u64,
    diff_id: String,
    uncompressed_size: u64,
    compression: Form,
    counts: [u64; 6],
    /// Without it, the image would get another date than when it was packed.
    newest: u64,
    special: [u64; 3],
    lost: [u64; 4],
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Form {
    None,
    Gzip,
    Zstd,
}
