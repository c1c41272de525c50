//! A packer that is done before its blob has gone: it says what it has packed.

use super::World;

impl World<'_> {
    /// Tells the push what a blob is, or leaves that for later. Returns whether it did.
    pub(super) fn tells_content(&mut self) -> bool {
        if !self.plan.learns || !self.packer.one_in(SOMETIMES) {
            return false;
        }
        let Some(index) = self.packed.pop() else {
            return false;
        };
        let content = self.sources[index].content().clone();
        self.note(format_args!("blob {index} is packed: {content:?}"));
        self.push.learn(self.now, self.ids[index], content);
        true
    }
}

/// One in so many times when there is nothing else to do.
const SOMETIMES: u64 = 3;
