//! Extended attributes, as far as they belong to an image.

mod acl;
mod capability;
mod read;

use std::borrow::Cow;
use std::sync::Arc;

pub(crate) use read::read;

/// The extended attributes of one file that say something about the image, sorted by name. Clones
/// share them.
///
/// These belong to an image:
///
/// - `security.capability`: file capabilities (capabilities(7));
/// - `system.posix_acl_access` and `system.posix_acl_default`: ACLs (acl(5)), if they say more than
///   the mode does;
/// - `user.*`: what programs and people note;
/// - names in `security.` that are not listed below.
///
/// These belong to the machine, and are neither counted nor packed:
///
/// - `security.selinux`, `security.SMACK64*`, `security.apparmor`, `security.ima` and
///   `security.evm`: security modules label and hash files by themselves. They do so again where
///   the image is unpacked, by the policy and the keys there;
/// - `trusted.*`: notes of file systems (overlayfs, Lustre, GlusterFS), which only root can see;
/// - `user.overlay.*` and `user.fuseoverlayfs.*`: the same without root. containers/storage leaves
///   out the former as well;
/// - every other namespace: `system.nfs4_acl`, `lustre.*`, `ceph.*` and so on are views of what the
///   file system keeps, and file servers list them for every file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attributes(
    /// None if there are none, which is the case for nearly every file.
    Option<Arc<[Attribute]>>,
);

/// An extended attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attribute {
    /// With its namespace: `user.comment`.
    pub(crate) name: Vec<u8>,
    value: Vec<u8>,
}

/// What an attribute is to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Capability,
    Acl,
    Other,
}

impl Attributes {
    pub(crate) fn new(mut attributes: Vec<Attribute>) -> Self {
        if attributes.is_empty() {
            return Self::default();
        }
        attributes.sort_by(|one, other| one.name.cmp(&other.name));
        Self(Some(attributes.into()))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Attribute> {
        self.0.iter().flat_map(|attributes| attributes.iter())
    }

    /// How many bytes names and values take.
    pub(crate) fn size(&self) -> usize {
        self.iter().map(Attribute::size).sum()
    }

    /// The permission bits of a file that has `mode` and these attributes.
    ///
    /// If there is an ACL, the group bits of a mode are its mask (acl(5), "Correspondence between
    /// ACL entries and file permission bits"), and what the owning group may do is the less of
    /// `group::` and the mask. A file that is unpacked without the ACL would otherwise be open to
    /// its group as far as to users with an entry of their own.
    pub(crate) fn mode(&self, mode: u32) -> u32 {
        let acl = self.iter().find(|attribute| attribute.name == ACCESS_ACL);
        match acl.and_then(|acl| acl::group(&acl.value)) {
            Some(group) => mode & (!0o070 | group << 3),
            None => mode,
        }
    }
}

impl Attribute {
    /// If it belongs to an image.
    pub(crate) fn new(name: &[u8], value: Vec<u8>) -> Option<Self> {
        let sort = sort(name)?;
        if sort == Sort::Acl && !acl::says_more(name == DEFAULT_ACL, &value) {
            return None;
        }
        let name = name.to_vec();
        Some(Self { name, value })
    }

    /// What takes away the ACLs that a file with `mode` and these attributes would otherwise inherit
    /// where it is unpacked.
    pub(crate) fn against_inheritance(
        mode: u32,
        is_directory: bool,
        attributes: &Attributes,
    ) -> Vec<Self> {
        let has = |name: &[u8]| attributes.iter().any(|attribute| attribute.name == name);
        let mut missing = Vec::new();
        if !has(ACCESS_ACL) {
            missing.push((ACCESS_ACL, acl::of_mode(mode)));
        }
        if is_directory && !has(DEFAULT_ACL) {
            missing.push((DEFAULT_ACL, acl::none()));
        }
        let missing = missing.into_iter().map(|(name, value)| Self {
            name: name.to_vec(),
            value,
        });
        missing.collect()
    }

    /// Whether what is made in a directory that has it inherits it.
    pub(crate) fn is_inherited(&self) -> bool {
        self.name == DEFAULT_ACL
    }

    /// An ACL in the form that `SCHILY.acl.` records have, with the rest of the record's name.
    pub(crate) fn acl_text(&self) -> Option<(&'static str, String)> {
        let kind = match &*self.name {
            ACCESS_ACL => "access",
            DEFAULT_ACL => "default",
            _ => return None,
        };
        Some((kind, acl::text(&self.value)?))
    }

    pub(crate) fn sort(&self) -> Sort {
        sort(&self.name).unwrap_or(Sort::Other)
    }

    /// The value as it is.
    pub(crate) fn value(&self) -> &[u8] {
        &self.value
    }

    /// The value as a layer has it.
    pub(crate) fn portable(&self) -> Cow<'_, [u8]> {
        match self.sort() {
            Sort::Capability => capability::without_root(&self.value),
            _ => Cow::Borrowed(&self.value),
        }
    }

    /// Whether a pax record can hold it for all who read such records. One without a value takes
    /// back what was said before (pax(1), "pax Extended Header"), and Go's programs drop it. A name
    /// with a `=` ends there; GNU tar writes `%3D`, which Go's programs would take for the name.
    pub(crate) fn fits_a_record(&self) -> bool {
        !self.value.is_empty() && !self.name.contains(&b'=')
    }

    pub(crate) fn size(&self) -> usize {
        self.name.len() + self.value.len()
    }
}

/// What an attribute of this name is. None if it does not belong to an image.
fn sort(name: &[u8]) -> Option<Sort> {
    let has = |prefix: &[u8]| name.starts_with(prefix);
    match name {
        b"security.capability" => Some(Sort::Capability),
        _ if name == ACCESS_ACL || name == DEFAULT_ACL => Some(Sort::Acl),
        b"security.selinux" | b"security.apparmor" | b"security.ima" | b"security.evm" => None,
        _ if has(b"security.SMACK64") => None,
        _ if has(b"user.overlay.") || has(b"user.fuseoverlayfs.") => None,
        _ if has(b"user.") || has(b"security.") => Some(Sort::Other),
        _ => None,
    }
}

const ACCESS_ACL: &[u8] = b"system.posix_acl_access";
const DEFAULT_ACL: &[u8] = b"system.posix_acl_default";

#[cfg(test)]
mod tests;
