//! Directories whose default ACLs files inherit where a layer is unpacked.

/// Directories of a layer with default ACLs. A file that is made in one inherits it, and
/// containers/storage 1.43 makes the files of a layer after it has given the directory its ACL: what
/// was closed to others would be open to those whom the ACL names.
#[derive(Default)]
pub(super) struct DefaultAcls {
    /// The paths of those above the current member, and maybe of some beside it.
    directories: Vec<Box<[u8]>>,
}

impl DefaultAcls {
    /// Takes in a directory with a default ACL. They come in the order of the walk.
    pub(super) fn enter(&mut self, path: &[u8]) {
        while let Some(last) = self.directories.last()
            && !is_in(path, last)
        {
            self.directories.pop();
        }
        self.directories.push(path.into());
    }

    /// Whether the member at `path` would inherit.
    pub(super) fn has(&self, path: &[u8]) -> bool {
        let Some(slash) = path.iter().rposition(|byte| *byte == b'/') else {
            return false;
        };
        let above = &path[..slash];
        self.directories
            .iter()
            .any(|directory| **directory == *above)
    }
}

fn is_in(path: &[u8], directory: &[u8]) -> bool {
    let rest = path.strip_prefix(directory);
    rest.is_some_and(|rest| rest.starts_with(b"/"))
}
