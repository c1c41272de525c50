//! Processor architectures by the names that images have for them.

mod program;

use std::fmt;

/// The architecture an image is for, as configs name it: Go's `GOARCH` and a variant (OCI image
/// configuration, "architecture" and "variant"). The system is Linux.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Platform {
    /// `amd64`, `arm64`, …
    pub architecture: String,
    /// `v8` of `arm64/v8`.
    pub variant: Option<String>,
}

/// A text that names no architecture that images are for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{}\" is no architecture; it is [linux/]ARCH[/VARIANT], where ARCH is {}",
    text.escape_debug(),
    ARCHITECTURES.join(", ")
)]
#[non_exhaustive]
pub struct UnknownPlatform {
    /// The text.
    pub text: String,
}

impl Platform {
    /// Reads a name: `arm64`, `arm64/v8` as in Charliecloud's metadata, `linux/arm64` as docker has
    /// it, or the kernel's `aarch64`.
    ///
    /// # Errors
    /// It is none of these: a registry would take it, and nothing could run the image.
    pub fn parse(text: &str) -> Result<Self, UnknownPlatform> {
        if text.contains(char::is_control) {
            return Err(UnknownPlatform {
                text: text.to_owned(),
            });
        }
        let name = text.trim().to_ascii_lowercase();
        let rest = name.strip_prefix("linux/").unwrap_or(&name);
        let (name, variant) = match rest.split_once('/') {
            Some((name, variant)) => (name, Some(variant)),
            None => (rest, None),
        };
        let known = OTHER_NAMES.iter().find(|(other, _)| *other == name);
        let (architecture, implied) = match known.map_or(name, |(_, name)| *name).split_once('/') {
            Some((architecture, variant)) => (architecture, Some(variant)),
            None => (known.map_or(name, |(_, name)| *name), None),
        };
        let variant = match (implied, variant.map(|text| lengthened(architecture, text))) {
            (Some(implied), Some(variant)) if variant != implied => None,
            (implied, variant) => Some(variant.or_else(|| implied.map(str::to_owned))),
        };
        let is_known = ARCHITECTURES.contains(&architecture);
        match variant {
            Some(variant)
                if is_known
                    && variant
                        .as_deref()
                        .is_none_or(|variant| is_variant(architecture, variant)) =>
            {
                Ok(Self {
                    architecture: architecture.to_owned(),
                    variant,
                })
            }
            _ => Err(UnknownPlatform {
                text: text.to_owned(),
            }),
        }
    }

    /// This machine's, by the kernel's word.
    #[must_use]
    pub fn host() -> Self {
        let machine = rustix::system::uname()
            .machine()
            .to_string_lossy()
            .into_owned();
        // The kernel does not say which end comes first.
        let machine = match machine.as_str() {
            "mips" if cfg!(target_endian = "little") => "mipsle".to_owned(),
            "mips64" if cfg!(target_endian = "little") => "mips64le".to_owned(),
            _ => machine,
        };
        Self::parse(&machine).unwrap_or_else(|_| Self {
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

/// `arm/7` is `arm/v7` to docker.
fn lengthened(architecture: &str, variant: &str) -> String {
    let is_short = variant.starts_with(|first: char| first.is_ascii_digit());
    if is_short && ["arm", "arm64"].contains(&architecture) {
        return format!("v{variant}");
    }
    variant.to_owned()
}

fn is_variant(architecture: &str, variant: &str) -> bool {
    let versions = match architecture {
        "amd64" => ["v1", "v2", "v3", "v4"].as_slice(),
        "arm" => &["v5", "v6", "v7", "v8"],
        // Of these there are minor ones, too: `v8.2`.
        "arm64" => &["v8", "v9"],
        _ => return false,
    };
    let (major, minor) = variant.split_once('.').unwrap_or((variant, "0"));
    let has_minor = major != variant;
    let is_minor = minor.len() == 1 && minor.bytes().all(|byte| byte.is_ascii_digit());
    versions.contains(&major) && (!has_minor || (architecture == "arm64" && is_minor))
}

/// What there are images for (Go's `GOARCH` on Linux).
const ARCHITECTURES: [&str; 14] = [
    "386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64",
    "ppc64le", "riscv64", "s390x", "sparc64",
];

/// What uname(2), Debian and Docker Hub call machines, and what images call them.
const OTHER_NAMES: [(&str, &str); 26] = [
    ("x86_64", "amd64"),
    ("x86-64", "amd64"),
    ("i386", "386"),
    ("i486", "386"),
    ("i586", "386"),
    ("i686", "386"),
    ("x86", "386"),
    ("armv5l", "arm/v5"),
    ("armv5tel", "arm/v5"),
    ("armv5tejl", "arm/v5"),
    ("armv6l", "arm/v6"),
    ("armv7l", "arm/v7"),
    ("armv7", "arm/v7"),
    ("armhf", "arm/v7"),
    ("armel", "arm/v6"),
    ("arm32v5", "arm/v5"),
    ("arm32v6", "arm/v6"),
    ("arm32v7", "arm/v7"),
    ("aarch32", "arm/v7"),
    ("aarch64", "arm64/v8"),
    ("arm64v8", "arm64/v8"),
    ("armv8l", "arm64/v8"),
    ("loongarch64", "loong64"),
    ("mipsel", "mipsle"),
    ("mips64el", "mips64le"),
    ("ppc64el", "ppc64le"),
];

#[cfg(test)]
mod tests;
