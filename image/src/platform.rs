//! Processor architectures by the names that images have for them.

use std::fmt;

/// The architecture an image is for, as configs name it: Go's `GOARCH` and a variant (OCI image
/// configuration, "architecture" and "variant").
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Platform {
    /// `amd64`, `arm64`, …
    pub architecture: String,
    /// `v8` of `arm64/v8`.
    pub variant: Option<String>,
}

impl Platform {
    /// Reads a name: `arm64`, `arm64/v8` as in Charliecloud's metadata, or the kernel's `aarch64`.
    /// An unknown name is taken as it is; an empty one is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let known = KERNEL_NAMES.iter().find(|(kernel, _)| *kernel == text);
        let name = known.map_or(text, |(_, name)| *name);
        let (architecture, variant) = match name.split_once('/') {
            Some((architecture, variant)) => (architecture, Some(variant)),
            None => (name, None),
        };
        let variant = variant.filter(|variant| !variant.is_empty());
        (!architecture.is_empty()).then(|| Self {
            architecture: architecture.to_owned(),
            variant: variant.map(str::to_owned),
        })
    }

    /// This machine's, by the kernel's word.
    #[must_use]
    pub fn host() -> Self {
        let machine = rustix::system::uname()
            .machine()
            .to_string_lossy()
            .into_owned();
        Self::parse(&machine).unwrap_or_else(|| Self {
            architecture: std::env::consts::ARCH.to_owned(),
            variant: None,
        })
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.architecture)?;
        match &self.variant {
            Some(variant) => write!(f, "/{variant}"),
            None => Ok(()),
        }
    }
}

/// What uname(2) calls machines, and what images call them. The first ones are Charliecloud's; its
/// `mips64le` is what nobody's kernel says, so it needs no line here.
const KERNEL_NAMES: [(&str, &str); 15] = [
    ("x86_64", "amd64"),
    ("i386", "386"),
    ("i486", "386"),
    ("i586", "386"),
    ("i686", "386"),
    ("armv5l", "arm/v5"),
    ("armv5tel", "arm/v5"),
    ("armv6l", "arm/v6"),
    ("armv7l", "arm/v7"),
    ("aarch32", "arm/v7"),
    ("aarch64", "arm64/v8"),
    ("armv8l", "arm64/v8"),
    ("loongarch64", "loong64"),
    (
        "mips64",
        if cfg!(target_endian = "little") {
            "mips64le"
        } else {
            "mips64"
        },
    ),
    ("ppc64el", "ppc64le"),
];

#[cfg(test)]
mod tests;
