//! What a client did, held against what it should do.
//!
//! A [`Scenario`] is a registry with its faults, an image, and what should come of pushing it.
//! [`run()`] lets a client play scenarios and gathers [`Evidence`] of each; the checks give a
//! [`Finding`] for each of them, and a [`Report`] puts the findings together.
//!
//! Without scenarios, [`judge_session`] judges whatever was recorded:
//!
//! ```
//! use longshore_mock_registry::{MockRegistry, judge};
//!
//! let registry = MockRegistry::builder().start()?;
//! // … let a client do something …
//! let report = judge::judge_session(&registry);
//! assert_eq!(report.count(judge::Verdict::Fail), 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod checks;
mod evidence;
mod finding;
mod fixture;
mod layer;
mod report;
mod run;
mod scenario;
mod store;
mod watch;

pub use checks::{Check, checks};
pub use evidence::{ClientEnd, Evidence, StoreEnd};
pub use finding::{Finding, Severity, Verdict};
pub use fixture::Fixture;
pub use report::{CheckReport, Instance, Report, ScenarioReport};
pub use run::{RunError, Settings, judge_record, judge_session, run};
pub use scenario::{Expect, Image, Scenario, ScenarioError, Target};
pub use store::missing;
