//! From the image's directory to layers, a config and a manifest.

use std::collections::VecDeque;

use longshore_image::{
    Image, ImageOptions, Layer, Layers, LostCounts, Metadata, Notice, Part, assemble,
};

use super::layer::{Job, Maker, Source, describe};
use super::look::look;
use super::unfinished::Unfinished;
use super::upload::Upload;
use crate::console::{Console, words};
use crate::plan::{Configuration, Sending};

/// An image of which every layer has been handed to the upload.
pub(super) struct Packed {
    /// The lowest first.
    pub(super) layers: Vec<Source>,
    pub(super) image: Image,
}

/// Packs the image, but for what is remembered, and hands its layers to `upload`.
pub(super) fn pack(
    maker: &Maker<'_>,
    metadata: &Metadata,
    configuration: &Configuration,
    upload: &mut Upload<'_>,
) -> Result<Packed, Unfinished> {
    let Maker {
        packing, console, ..
    } = *maker;
    let sources = match is_unseen(maker) {
        true => vec![unseen(maker, upload)?],
        false => seen(maker, upload)?,
    };
    let layers: Vec<Layer> = sources
        .iter()
        .map(|source| source.layer().clone())
        .collect();
    let setuid: u64 = layers.iter().map(|layer| layer.summary.setuid).sum();
    let setgid: u64 = layers.iter().map(|layer| layer.summary.setgid).sum();
    if setuid + setgid > 0 && !console.is_detailed() {
        console.say(format!(
            "stripped {setuid} setuid and {setgid} setgid bits; -v lists them"
        ));
    }
    tell_lost(maker, &layers);
    console.say(words::PREPARING_METADATA);
    let options = ImageOptions {
        format: packing.format,
        platform: packing.platform.clone(),
        source_date_epoch: packing.options.source_date_epoch,
        created: configuration.created,
        history: configuration.history.clone(),
    };
    let image = assemble(metadata, &layers, &options);
    console.detail(format!("created {}, for {}", image.created, image.platform));
    console.step(format!("config: digest {}", image.config_descriptor.digest));
    console.step(format!(
        "manifest: digest {}",
        image.manifest_descriptor.digest
    ));
    Ok(Packed {
        layers: sources,
        image,
    })
}

/// Says what of the image is not in its layers, and how to keep it.
fn tell_lost(maker: &Maker<'_>, layers: &[Layer]) {
    let lost = layers.iter().fold(LostCounts::default(), |sum, layer| {
        sum.plus(layer.summary.lost)
    });
    if lost.is_empty() {
        return;
    }
    let preserve = maker.packing.options.preserve;
    let has_attributes = lost.capabilities + lost.acls + lost.attributes > 0;
    let what = match (lost.owners > 0, has_attributes && !preserve.xattrs) {
        (true, true) => Some("owner,xattrs"),
        (true, false) => Some("owner"),
        (false, true) => Some("xattrs"),
        // Even so: no record can hold them.
        (false, false) => None,
    };
    let keep = what.map(|what| format!("--preserve {what} keeps them"));
    let list = (!maker.console.is_detailed()).then(|| "-v lists them".to_owned());
    let mut text = format!("not kept: {lost}");
    for (index, advice) in keep.into_iter().chain(list).enumerate() {
        text.push_str(if index == 0 { "; " } else { ", " });
        text.push_str(&advice);
    }
    maker.console.warn(text);
}

/// Whether there is no reason to look at the tree before it is packed: nothing can be remembered of
/// it, and it needs not be divided.
fn is_unseen(maker: &Maker<'_>) -> bool {
    let is_one = match maker.packing.layers {
        Layers::One => true,
        Layers::AtMost(number) => number.get() == 1,
        _ => false,
    };
    is_one && maker.sending != Sending::Stream && !maker.memory.may_know(maker.directory)
}

/// Packs the image into one layer.
fn unseen(maker: &Maker<'_>, upload: &mut Upload<'_>) -> Result<Source, Unfinished> {
    let console = maker.console;
    let label = words::layer(1, 1);
    let (source, notices) = super::unseen::make(maker, &label, upload)?;
    for news in notices {
        notice(console, &news);
    }
    describe(console, &label, source.layer());
    Ok(source)
}

/// Looks at the image, and packs the layers that are not remembered: a few at once, and they are
/// handed on in their order.
fn seen(maker: &Maker<'_>, upload: &mut Upload<'_>) -> Result<Vec<Source>, Unfinished> {
    let console = maker.console;
    let (parts, mut notices) = look(maker, upload)?;
    let at_once = maker.side_by_side(&parts);
    let is_only = parts.len() == 1;
    let mut sources = Vec::new();
    let mut begun = VecDeque::new();
    let mut next = parts.iter();
    for (index, part) in parts.iter().enumerate() {
        for part in next.by_ref().take(at_once - begun.len()) {
            begun.push_back(Begun::new(maker, part, at_once > 1, upload)?);
        }
        let label = words::layer(index + 1, parts.len());
        console.say(words::preparing(&label));
        for news in notices.drain(..) {
            notice(console, &news);
        }
        let source = match begun.pop_front() {
            Some(Begun::Known(source)) => {
                let what = if is_only { "the image" } else { &label };
                console.detail(format!(
                    "{what} has not changed since it was packed, so it is not read"
                ));
                maker.add(&label, &source, upload);
                source
            }
            Some(Begun::Packing(job)) => maker.pack_first(&job, &label, upload)?,
            Some(Begun::Later) | None => maker.make(part, &label, is_only, upload)?,
        };
        describe(console, &label, source.layer());
        sources.push(source);
    }
    Ok(sources)
}

/// What is known of a layer before its turn comes.
enum Begun {
    Known(Source),
    Packing(Job),
    /// It is packed when its turn comes.
    Later,
}

impl Begun {
    /// `is_ahead` says that the layer is packed beside others.
    fn new(
        maker: &Maker<'_>,
        part: &Part,
        is_ahead: bool,
        upload: &mut Upload<'_>,
    ) -> Result<Self, Unfinished> {
        if let Some(source) = maker.recall(part) {
            return Ok(Self::Known(source));
        }
        upload.permit(part.survey.bytes)?;
        Ok(match is_ahead {
            true => Self::Packing(maker.begin(part)?),
            false => Self::Later,
        })
    }
}

/// Says what is worth saying about an image. What is stripped from every image on purpose is a
/// detail; what a person may miss afterwards is a warning.
fn notice(console: &Console, notice: &Notice) {
    let text = notice.to_string();
    match notice {
        Notice::StrippedSetuid(_)
        | Notice::StrippedSetgid(_)
        | Notice::NotKept { .. }
        | Notice::LeftOut(_) => console.detail(text),
        Notice::ClosedRoot { .. } => {
            console.warn(format!("{text}; --root-mode 0755 opens it"));
        }
        Notice::MountPoint(_) => console.warn(format!("{text}; --cross-mounts packs that as well")),
        _ => console.warn(text),
    }
}
