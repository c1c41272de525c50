//! What belongs to a file of an image and does not arrive with it.

use std::fmt;

/// Something of a file that its layer does not hold. `Display` says what: `file capabilities`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lost {
    /// The set-user-ID bit.
    Setuid,
    /// The set-group-ID bit.
    Setgid,
    /// File capabilities (`security.capability`).
    Capabilities,
    /// An access control list, or one for what is made in a directory.
    Acl,
    /// Another extended attribute of this name.
    Attribute(String),
    /// An owner other than root, the owner of the image's root directory and who packs.
    Owner {
        /// The user.
        uid: u32,
        /// The group.
        gid: u32,
    },
}

/// Of how many files something was left out that [`Lost`] names, a file with several names counted
/// once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LostCounts {
    /// File capabilities.
    pub capabilities: u64,
    /// Access control lists.
    pub acls: u64,
    /// Other extended attributes.
    pub attributes: u64,
    /// Owners.
    pub owners: u64,
}

impl LostCounts {
    /// Takes in what one file has lost.
    pub(crate) fn count(&mut self, lost: &[Lost]) {
        let has = |is_it: fn(&Lost) -> bool| u64::from(lost.iter().any(is_it));
        self.capabilities += has(|lost| matches!(lost, Lost::Capabilities));
        self.acls += has(|lost| matches!(lost, Lost::Acl));
        self.attributes += has(|lost| matches!(lost, Lost::Attribute(_)));
        self.owners += has(|lost| matches!(lost, Lost::Owner { .. }));
    }

    /// Whether nothing was lost.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The counts of two layers together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            capabilities: self.capabilities + other.capabilities,
            acls: self.acls + other.acls,
            attributes: self.attributes + other.attributes,
            owners: self.owners + other.owners,
        }
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setuid => f.write_str("setuid bit"),
            Self::Setgid => f.write_str("setgid bit"),
            Self::Capabilities => f.write_str("file capabilities"),
            Self::Acl => f.write_str("ACL"),
            Self::Attribute(name) => {
                write!(f, "extended attribute {}", name.escape_debug())
            }
            Self::Owner { uid, gid } => write!(f, "owner {uid}:{gid}"),
        }
    }
}

/// `the capabilities of 1 file, the ACLs of 2 files`, without what there is none of.
impl fmt::Display for LostCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [
            ("the capabilities", self.capabilities),
            ("the ACLs", self.acls),
            ("other extended attributes", self.attributes),
            ("the owners", self.owners),
        ];
        let counts = counts.into_iter().filter(|(_, count)| *count > 0);
        for (index, (what, count)) in counts.enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            let files = if count == 1 { "file" } else { "files" };
            write!(f, "{comma}{what} of {count} {files}")?;
        }
        Ok(())
    }
}
