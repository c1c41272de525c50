use std::sync::mpsc::channel;
use std::thread;

use super::*;

#[test]
fn no_more_are_taken_than_there_are_by_all_who_share_them() {
    let slots = Slots::new(2);
    let (first, second) = (slots.take(), slots.clone().take());
    assert_eq!(*slots.0.free(), 0);
    let (sender, taken) = channel();
    let waiting = {
        let slots = slots.clone();
        thread::spawn(move || sender.send(slots.take()))
    };
    drop(first);
    let third = taken.recv().unwrap();
    waiting.join().unwrap().unwrap();
    assert_eq!(*slots.0.free(), 0);
    drop((second, third));
    assert_eq!(*slots.0.free(), 2);
}
