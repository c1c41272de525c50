//! What a seed stands for: a registry, an image, settings, and what goes wrong when.

use std::sync::LazyLock;
use std::time::Duration;

use longshore_mock_registry::Profile;
use longshore_mock_registry::profile::{
    Auth, ContentRange, ExpiresIn, LocationForm, LocationState, ShortBody, TokenField,
};
use longshore_protocol::Replay;

use super::random::Random;

/// Everything that is decided before a simulation begins.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where it all comes from, and the seed of the push's own jitter.
    pub seed: u64,
    /// The registry.
    pub profile: Profile,
    /// How it authenticates.
    pub auth: Auth,
    /// What the user has.
    pub login: Login,
    /// The blobs.
    pub blobs: Vec<BlobPlan>,
    /// [`Config::uploads`](longshore_protocol::Config).
    pub uploads: usize,
    /// [`Config::controls`](longshore_protocol::Config).
    pub controls: usize,
    /// [`Config::preflight`](longshore_protocol::Config).
    pub preflight: bool,
    /// [`Config::look_ahead`](longshore_protocol::Config).
    pub look_ahead: bool,
    /// [`Config::chunk`](longshore_protocol::Config).
    pub chunk: Option<u64>,
    /// [`Config::attempts`](longshore_protocol::Config).
    pub attempts: u32,
    /// [`Config::sessions`](longshore_protocol::Config).
    pub sessions: u32,
    /// The manifest and its layers are of Docker's types, not of OCI's.
    pub docker: bool,
    /// The driver tells how far its bodies are whenever it is woken.
    pub progress: bool,
    /// How answers that arrive together are handed in.
    pub batches: Batches,
    /// The manifest is set only when the blobs are confirmed, as for a packer that streams.
    pub late_manifest: bool,
    /// The push is told of blobs of unknown content what they are, while they are sent.
    pub learns: bool,
    /// The last blob is said to be made of those before it.
    pub derives: bool,
    /// The largest body of a blob, in bytes, that what is in front of the registry takes; zero for no
    /// limit.
    pub body_limit: u64,
    /// What is in front of the registry sends every question for a blob elsewhere, for ever.
    pub loops: bool,
    /// How many manifests the registry says it took and does not have.
    pub lies: u64,
    /// What goes wrong, at the n-th request.
    pub faults: Vec<(u64, Fault)>,
    /// When nothing gets through.
    pub outages: Vec<(Duration, Duration)>,
    /// When the user loses patience.
    pub cancel: Option<Duration>,
}

/// How answers that arrive at one moment are handed in (invariant 13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batches {
    /// The push is polled after each.
    Never,
    /// Sometimes it is, sometimes not.
    Sometimes,
    /// It is polled when it has them all.
    Always,
}

/// What the user has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// Nothing.
    Nobody,
    /// What the registry knows.
    Right,
    /// Another password, and no better one when asked again.
    Wrong,
}

/// One blob.
#[derive(Clone, Debug)]
pub struct BlobPlan {
    /// Its length in bytes.
    pub size: u64,
    /// Whether digest and size are known beforehand.
    pub known: bool,
    /// How often it can be read.
    pub replay: Replay,
    /// The registry has it already.
    pub there: bool,
    /// Another repository has it, and it may be mounted from there.
    pub mountable: bool,
    /// Other bytes come out from the n-th reading on.
    pub changes_at: Option<u32>,
}

/// Something that goes wrong with one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No connection.
    Refused,
    /// The connection breaks when this share of the body, in percent, has arrived.
    CutAfter(u64),
    /// The registry does what it is asked, and its answer is lost.
    AnswerLost,
    /// Nothing comes back until the driver's limits have passed.
    Stalled,
    /// Nothing comes back, and the driver forgets the request.
    Forgotten,
    /// This status, instead of doing anything.
    Status(u16),
    /// 429 with so many seconds to wait.
    Busy(u64),
    /// The registry does what it is asked and says this status.
    DoneBut(u16),
    /// The registry has lost the upload session.
    SessionLost,
    /// `Range` says this many bytes more than is true, or fewer.
    RangeOff(i64),
    /// `Range` is missing.
    RangeMissing,
    /// The request arrives twice.
    Doubled,
    /// `Docker-Content-Digest` is missing.
    Unnamed,
    /// 401, although nothing is wrong.
    Unauthorized,
    /// The registry says that it is done and forgets what it was sent.
    Pretended,
    /// It is sent to another place, with this status.
    Redirected(u16),
    /// The body of a blob is too large (413), whatever its size.
    TooLarge,
}

impl Plan {
    /// The plan of `seed`.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        Self::drawn(seed, &mut Random::new(seed))
    }

    /// The plan that a fuzzer's bytes choose.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut random = Random::from_bytes(bytes);
        let seed = random.below(u64::from(u32::MAX));
        Self::drawn(seed, &mut random)
    }

    fn drawn(seed: u64, random: &mut Random) -> Self {
        let (profile, auth) = profile(random);
        let trouble = random.below(5);
        let count = 1 + random.below(5);
        let faults = match trouble {
            0 => 0,
            1 => 1,
            2 => 2,
            _ => random.below(12),
        };
        let mut faults: Vec<(u64, Fault)> = (0..faults)
            .map(|_| (1 + random.below(24), fault(random)))
            .collect();
        faults.sort_by_key(|(n, _)| *n);
        faults.dedup_by_key(|(n, _)| *n);
        let outages = match trouble {
            4 => (0..=random.below(2))
                .map(|_| {
                    let from = Duration::from_millis(random.below(20_000));
                    (from, from + Duration::from_millis(random.below(40_000)))
                })
                .collect(),
            _ => Vec::new(),
        };
        let login = match (auth, random.below(12)) {
            (_, 0) => Login::Nobody,
            (_, 1) => Login::Wrong,
            _ => Login::Right,
        };
        let mut plan = Self {
            seed,
            profile,
            auth,
            login,
            blobs: (0..count).map(|_| blob(random)).collect(),
            uploads: random.of(&[1, 1, 2, 4]),
            controls: random.of(&[1, 2, 4]),
            preflight: !random.one_in(4),
            look_ahead: !random.one_in(3),
            chunk: random.of(&[None, None, None, Some(7), Some(64)]),
            attempts: 5,
            sessions: 3,
            docker: false,
            progress: false,
            batches: Batches::Sometimes,
            late_manifest: random.one_in(3),
            learns: false,
            derives: false,
            body_limit: 0,
            loops: false,
            lies: 0,
            faults,
            outages,
            cancel: random
                .one_in(10)
                .then(|| Duration::from_millis(random.below(5_000))),
        };
        // Every third seed only: the others stay what they were when they found something.
        if seed % 3 == 1 {
            plan.widen(random);
        }
        match seed % 12 {
            0 => plan.only_a_few(random, breakage),
            5 => plan.only_an_outage(random),
            9 => plan.only_a_few(random, hiccup),
            10 => plan.lies = 1 + random.below(3),
            _ => {}
        }
        match seed % 24 {
            2 => plan.send_elsewhere(random),
            8 => plan.limit_bodies(random),
            23 => plan.loops = random.one_in(2),
            _ => {}
        }
        plan
    }

    /// Some requests are sent elsewhere, a few of them one after the other.
    fn send_elsewhere(&mut self, random: &mut Random) {
        let first = 1 + random.below(16);
        let count = 1 + random.below(8);
        for n in first..first + count {
            let fault = Fault::Redirected(random.of(&[307, 308]));
            if self.faults.iter().all(|(other, _)| *other != n) {
                self.faults.push((n, fault));
            }
        }
        self.faults.sort_by_key(|(n, _)| *n);
    }

    /// Bodies may be no larger than so much, and some are refused all the same.
    fn limit_bodies(&mut self, random: &mut Random) {
        self.body_limit = random.of(&[20, 40, 40, 200, 200]);
        if random.one_in(4) {
            let n = 6 + random.below(12);
            self.faults.retain(|(other, _)| *other != n);
            self.faults.push((n, Fault::TooLarge));
            self.faults.sort_by_key(|(n, _)| *n);
        }
    }

    /// Nothing happens but that the registry is not to be had for a moment.
    fn only_an_outage(&mut self, random: &mut Random) {
        self.faults.clear();
        self.cancel = None;
        let from = Duration::from_millis(random.below(4_000));
        let most = u64::try_from(Self::BRIEF.as_millis()).unwrap_or(u64::MAX);
        let length = Duration::from_millis(random.below(most));
        self.outages = vec![(from, from + length)];
    }

    /// Nothing goes wrong but with a few requests.
    fn only_a_few(&mut self, random: &mut Random, fault: fn(&mut Random) -> Fault) {
        self.outages.clear();
        self.cancel = None;
        let first = 1 + random.below(10);
        self.faults = (0..Self::A_FEW)
            .map(|n| (first + n * (1 + random.below(3)), fault(random)))
            .collect();
        self.faults.sort_by_key(|(n, _)| *n);
        self.faults.dedup_by_key(|(n, _)| *n);
    }

    /// Whether that is all that goes wrong.
    pub(super) fn are_only_a_few(&self) -> bool {
        let gets_nowhere = |fault: &Fault| matches!(fault, Fault::Refused | Fault::Busy(_));
        // What breaks may cost a session, and there are fewer of them than attempts.
        let breaks = |fault: &Fault| {
            matches!(
                fault,
                Fault::Status(_)
                    | Fault::CutAfter(_)
                    | Fault::AnswerLost
                    | Fault::SessionLost
                    | Fault::Stalled
                    | Fault::Forgotten
            )
        };
        let faults = || self.faults.iter().map(|(_, fault)| fault);
        faults().all(|fault| gets_nowhere(fault) || breaks(fault))
            && self.faults.len() as u64 <= Self::A_FEW
            && faults().filter(|fault| breaks(fault)).count() <= 2
            && self.lies == 0
            && self.outages.is_empty()
    }

    /// Whether whoever opened a session was told of it, and nobody else has.
    pub(super) fn hides_no_session(&self) -> bool {
        let is_open_about_it = |(_, fault): &(u64, Fault)| {
            matches!(
                fault,
                Fault::Refused
                    | Fault::Status(_)
                    | Fault::Busy(_)
                    | Fault::RangeMissing
                    | Fault::RangeOff(_)
                    | Fault::Unnamed
                    | Fault::Unauthorized
                    | Fault::Redirected(_)
                    | Fault::TooLarge
            )
        };
        self.faults.iter().all(is_open_about_it)
    }

    /// Whether one outage is all that goes wrong.
    pub(super) fn is_only_a_brief_outage(&self) -> bool {
        let is_brief = |(from, until): &(Duration, Duration)| *until - *from < Self::BRIEF;
        self.faults.is_empty()
            && self.lies == 0
            && self.outages.len() <= 1
            && self.outages.iter().all(is_brief)
    }

    /// Lets everything else vary, too: any profile, and settings that most pushes leave alone.
    fn widen(&mut self, random: &mut Random) {
        let index = random.below(PROFILES.len() as u64);
        let index = usize::try_from(index).expect("it is below a length");
        self.profile = PROFILES[index].clone();
        self.auth = random.of(&[Auth::None, self.profile.auth.scheme]);
        self.profile.auth.login_backoff = false;
        let depth = &mut self.profile.repository.depth_min;
        *depth = (*depth).min(2);
        if self.profile.chunk.smallest > 0 {
            self.chunk = None;
        }
        // One fault may cost two attempts: what it broke, and what that had led to.
        self.attempts = random.of(&[5, 6, 8]);
        self.sessions = random.of(&[3, 4, 6]);
        self.docker = random.one_in(2);
        self.learns = self.seed % 2 == 1;
        self.derives = self.seed % 4 < 2;
        self.progress = random.one_in(2);
        self.batches = random.of(&[Batches::Never, Batches::Sometimes, Batches::Always]);
        // In parts of seven bytes it would take thousands of them.
        let large = if self.chunk.is_none() { 20_000 } else { 300 };
        for blob in &mut self.blobs {
            blob.size = random.of(&[blob.size, blob.size, 3, large]);
        }
    }

    /// The repository that blobs are mounted from.
    pub const SOURCE: &'static str = "other/app";

    /// Between the first of five attempts and the last lie at least 3.75 s: half of the means of
    /// four pauses.
    const BRIEF: Duration = Duration::from_millis(3_750);

    /// One less than there are attempts.
    const A_FEW: u64 = 4;
}

/// Every embedded profile: reading one takes longer than many a push.
static PROFILES: LazyLock<Vec<Profile>> = LazyLock::new(|| {
    Profile::names()
        .map(|name| Profile::builtin(name).expect("it is embedded"))
        .collect()
});

fn profile(random: &mut Random) -> (Profile, Auth) {
    let name = random.of(&["oci", "oci", "quay", "quay-3.3"]);
    let mut embedded = PROFILES.iter();
    let mut profile = embedded
        .find(|profile| profile.name == name)
        .expect("it is embedded")
        .clone();
    profile.auth.login_backoff = false;
    if name == "oci" {
        profile.location.form = random.of(&[LocationForm::Absolute, LocationForm::Relative]);
        profile.location.state = random.of(&[
            LocationState::None,
            LocationState::Fixed,
            LocationState::Rotating,
        ]);
        profile.session.short_body =
            random.of(&[ShortBody::Keep, ShortBody::Rollback, ShortBody::Destroy]);
        profile.session.status_get = random.of(&[204, 204, 404, 405]);
        profile.session.cancel = random.of(&[204, 204, 405]);
        profile.chunk.content_range = random.of(&[
            ContentRange::Checked,
            ContentRange::Required,
            ContentRange::Ignored,
        ]);
        profile.chunk.patch_status = random.of(&[202, 202, 201, 204]);
        profile.chunk.max_length = random.of(&[0, 0, 0, 50]);
        profile.mount.with_from = !random.one_in(3);
        profile.auth.token_field =
            random.of(&[TokenField::Token, TokenField::AccessToken, TokenField::Both]);
        if random.one_in(2) {
            profile.auth.lifetime = random.of(&[2, 10, 60, 300]);
            profile.auth.leeway = 0;
            profile.auth.expires_in =
                ExpiresIn::Seconds(random.of(&[profile.auth.lifetime, 60, 3600]));
        }
    }
    let auth = random.of(&[Auth::None, Auth::Basic, Auth::Bearer, Auth::Bearer]);
    let auth = if name == "oci" || auth == Auth::None {
        auth
    } else {
        Auth::Bearer
    };
    (profile, auth)
}

fn blob(random: &mut Random) -> BlobPlan {
    let known = !random.one_in(3);
    let replay = match random.below(8) {
        0 => Replay::Never,
        1 | 2 => Replay::FromStart,
        _ if known => Replay::Anywhere,
        _ => Replay::FromStart,
    };
    BlobPlan {
        size: random.of(&[0, 1, 2, 10, 50, 100, 1000]),
        known,
        replay,
        there: known && random.one_in(5),
        mountable: known && random.one_in(5),
        changes_at: random
            .one_in(40)
            .then(|| u32::try_from(random.below(2)).unwrap_or(0)),
    }
}

/// What leaves everything as it was.
fn hiccup(random: &mut Random) -> Fault {
    match random.below(3) {
        0 => Fault::Refused,
        1 => Fault::Status(random.of(&BROKEN)),
        _ => Fault::Busy(random.below(20)),
    }
}

/// That, or what is over when the request is.
fn breakage(random: &mut Random) -> Fault {
    match random.below(10) {
        0 => Fault::CutAfter(random.below(101)),
        1 => Fault::AnswerLost,
        2 => Fault::SessionLost,
        3 => random.of(&[Fault::Stalled, Fault::Forgotten]),
        _ => hiccup(random),
    }
}

fn fault(random: &mut Random) -> Fault {
    match random.below(16) {
        0 => Fault::Refused,
        1..=3 => Fault::CutAfter(random.below(101)),
        4 | 5 => Fault::AnswerLost,
        6 => Fault::Stalled,
        7 => Fault::Forgotten,
        8 => Fault::Status(random.of(&BROKEN)),
        9 => Fault::Busy(random.below(20)),
        10 => Fault::DoneBut(random.of(&[500, 502, 200, 202, 204])),
        11 => Fault::SessionLost,
        12 => Fault::RangeOff(random.of(&[-5, -1, 1, 5, 1_000_000])),
        13 => random.of(&[Fault::RangeMissing, Fault::Unnamed]),
        14 => Fault::Doubled,
        _ => Fault::Unauthorized,
    }
}

/// What is said where something broke over there.
const BROKEN: [u16; 5] = [500, 502, 503, 504, 408];
