//! Making a plan as small as it can be while it still shows what it showed.

use std::time::Duration;

use longshore_mock_registry::{Auth, Profile};
use longshore_protocol::Replay;

use super::plan::{Batches, Fault, Login, Plan};
use super::{Violation, run};

/// The smallest plan found that violates the same invariant as `plan` does, and how it does so.
/// None where `plan` violates nothing.
#[must_use]
pub fn shrink(plan: &Plan) -> Option<(Plan, Violation)> {
    let kind = run(plan).err()?.kind().to_owned();
    let small = shrink_while(plan, |plan| {
        run(plan).is_err_and(|violation| violation.kind() == kind)
    });
    let violation = run(&small).err()?;
    Some((small, violation))
}

/// The smallest plan found for which `fails` is true, as it is for `plan`: faults, outages and
/// blobs are taken away, settings become the plainest, numbers become small, until nothing of it
/// can be done without losing what is looked for.
pub fn shrink_while(plan: &Plan, fails: impl Fn(&Plan) -> bool) -> Plan {
    let mut small = plan.clone();
    for _ in 0..MOST_ROUNDS {
        let Some(smaller) = smaller(&small).find(|plan| fails(plan)) else {
            break;
        };
        small = smaller;
    }
    small
}

/// Takes a change that makes a plan smaller.
type Propose<'a> = dyn FnMut(&dyn Fn(&mut Plan)) + 'a;

/// Every plan that is a step smaller, the largest steps first.
fn smaller(plan: &Plan) -> impl Iterator<Item = Plan> {
    let mut plans = Vec::new();
    let mut propose = |change: &dyn Fn(&mut Plan)| {
        let mut smaller = plan.clone();
        change(&mut smaller);
        plans.push(smaller);
    };
    let half = plan.faults.len() / 2;
    if half > 0 {
        propose(&|plan| drop(plan.faults.drain(..half)));
        propose(&|plan| plan.faults.truncate(half));
    }
    for index in 0..plan.faults.len() {
        propose(&|plan| _ = plan.faults.remove(index));
    }
    for index in 0..plan.outages.len() {
        propose(&|plan| _ = plan.outages.remove(index));
    }
    if plan.blobs.len() > 1 {
        for index in 0..plan.blobs.len() {
            propose(&|plan| _ = plan.blobs.remove(index));
        }
    }
    if plan.lies > 0 {
        propose(&|plan| plan.lies -= 1);
    }
    if plan.cancel.is_some() {
        propose(&|plan| plan.cancel = None);
    }
    plain_settings(plan, &mut propose);
    plain_blobs(plan, &mut propose);
    small_numbers(plan, &mut propose);
    plans.into_iter()
}

fn plain_settings(plan: &Plan, propose: &mut Propose<'_>) {
    let oci = Profile::builtin("oci").expect("it is embedded");
    if plan.profile != oci {
        propose(&|plan| plan.profile = oci.clone());
    }
    if plan.auth != Auth::None {
        propose(&|plan| plan.auth = Auth::None);
    }
    if plan.login != Login::Right {
        propose(&|plan| plan.login = Login::Right);
    }
    if plan.uploads > 1 {
        propose(&|plan| plan.uploads = 1);
    }
    if plan.controls > 1 {
        propose(&|plan| plan.controls = 1);
    }
    if plan.preflight {
        propose(&|plan| plan.preflight = false);
    }
    if plan.look_ahead {
        propose(&|plan| plan.look_ahead = false);
    }
    if plan.chunk.is_some() {
        propose(&|plan| plan.chunk = None);
    }
    if plan.body_limit > 0 {
        propose(&|plan| plan.body_limit = 0);
    }
    if plan.loops {
        propose(&|plan| plan.loops = false);
    }
    if plan.docker {
        propose(&|plan| plan.docker = false);
    }
    if plan.progress {
        propose(&|plan| plan.progress = false);
    }
    if plan.batches != Batches::Never {
        propose(&|plan| plan.batches = Batches::Never);
    }
    if plan.derives {
        propose(&|plan| plan.derives = false);
    }
    if plan.learns {
        propose(&|plan| plan.learns = false);
    }
    if plan.late_manifest {
        propose(&|plan| plan.late_manifest = false);
    }
}

fn plain_blobs(plan: &Plan, propose: &mut Propose<'_>) {
    for (index, blob) in plan.blobs.iter().enumerate() {
        if !blob.known || blob.replay != Replay::Anywhere {
            propose(&|plan| {
                plan.blobs[index].known = true;
                plan.blobs[index].replay = Replay::Anywhere;
            });
        }
        if blob.there {
            propose(&|plan| plan.blobs[index].there = false);
        }
        if blob.mountable {
            propose(&|plan| plan.blobs[index].mountable = false);
        }
        if blob.changes_at.is_some() {
            propose(&|plan| plan.blobs[index].changes_at = None);
        }
        if blob.size > 0 {
            propose(&|plan| plan.blobs[index].size /= 2);
        }
    }
}

fn small_numbers(plan: &Plan, propose: &mut Propose<'_>) {
    for (index, (_, fault)) in plan.faults.iter().enumerate() {
        let simpler = match fault {
            Fault::CutAfter(percent) if *percent > 0 => Fault::CutAfter(percent / 2),
            Fault::Busy(seconds) if *seconds > 0 => Fault::Busy(seconds / 2),
            Fault::RangeOff(by) if by.abs() > 1 => Fault::RangeOff(by / 2),
            _ => continue,
        };
        propose(&|plan| plan.faults[index].1 = simpler);
    }
    for (index, (from, until)) in plan.outages.iter().enumerate() {
        let (from, length) = (*from, until.saturating_sub(*from));
        if length > A_MOMENT {
            propose(&|plan| plan.outages[index].1 = from + length / 2);
        }
    }
    if let Some(cancel) = plan.cancel.filter(|cancel| *cancel > A_MOMENT) {
        propose(&|plan| plan.cancel = Some(cancel / 2));
    }
}

const MOST_ROUNDS: u32 = 1_000;
/// What is shorter is not made shorter still.
const A_MOMENT: Duration = Duration::from_millis(10);
