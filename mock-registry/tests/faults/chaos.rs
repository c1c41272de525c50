//! Faults out of seeds.

use std::collections::BTreeSet;

use longshore_mock_registry::fault::{chaos, read_faults};

use crate::harness::{Client, LAYER, POST};

#[test]
fn the_same_seed_plays_the_same_faults() {
    let play = |seed: u64| {
        let mut client = Client::of_alice("tag-race");
        client.registry.disarm();
        chaos(seed)
            .into_iter()
            .for_each(|fault| client.registry.arm(fault));
        let mut seen = Vec::new();
        for _ in 0..4 {
            let (answer, wire) = client.try_send(POST, &[], LAYER);
            seen.push(format!(
                "{:?} {wire:?}",
                answer.map(|answer| answer.status())
            ));
        }
        seen
    };
    for seed in 0..50 {
        assert_eq!(play(seed), play(seed));
    }
}

#[test]
fn seeds_differ_and_reach_much() {
    let names: BTreeSet<&str> = (0..2000)
        .flat_map(chaos)
        .map(|fault| fault.name())
        .collect();
    assert!(names.len() > 60, "{}", names.len());
    assert!(
        !names.contains("stall"),
        "nobody waits for an hour by chance"
    );
}

#[test]
fn a_fault_has_a_place_in_time() {
    let mut client = Client::of("tag-race");
    let file =
        "[[fault]]\nname='5xx-burst'\nstep='post'\nnth=2\ntimes='always'\nfrom=1000\nuntil=2000\n";
    client.registry.disarm();
    client.registry.arm(read_faults(file).unwrap().remove(0));
    let mut at = |millis| {
        client.now = std::time::Duration::from_millis(millis);
        client.send(POST, &[], b"").status()
    };
    assert_eq!(
        [at(0), at(1000), at(1001), at(1999), at(2000)],
        [202, 202, 503, 503, 202]
    );
}

#[test]
fn several_faults_play_together() {
    let mut client = Client::of("location-rotates");
    client.registry.arm("warning-headers".parse().unwrap());
    client.registry.arm("slow-headers".parse().unwrap());
    let (answer, wire) = client.try_send(POST, &[], b"");
    let answer = answer.unwrap();
    assert!(answer.header("location").unwrap().contains("_turn=1"));
    assert!(answer.header("warning").is_some() && wire.slow_head.is_some());
    assert_eq!(
        client
            .registry
            .armed()
            .map(|(_, calls)| calls)
            .collect::<Vec<_>>(),
        [1, 1, 1]
    );
}
