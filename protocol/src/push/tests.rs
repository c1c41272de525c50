//! One push at a time, played answer by answer: each file tells what happens in one part of it.

mod authentication;
mod bench;
mod body_limits;
mod causes;
mod challenges;
mod chunks;
mod deadlines;
mod derived;
mod doubts;
mod endings;
mod explanations;
mod learning;
mod manifests;
mod opening;
mod questions;
mod redirects;
mod refusals;
mod resuming;
mod secrets;
mod uploads;
