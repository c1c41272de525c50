//! Pushes to real registries, and pulls back with clients of other people's making.
//!
//! Needs programs of Debian's and readers from PyPI, npm, Go and the Rust registry (`PACKAGES` and
//! `readers` in `xtask/src/interop`),
//! so the tests are ignored unless asked for: `cargo xtask interop` installs the programs where it may and
//! runs everything with `--include-ignored`. A test that misses a program says SKIPPED and counts
//! as ignored; with `LONGSHORE_INTEROP=require` it fails.

mod cancels;
mod config;
mod credentials;
mod formats;
mod harness;
mod kept;
mod odd;
mod proxies;
mod readers;
mod refusal;
mod repeat;
mod report;
mod round_trip;

use std::process::ExitCode;

use harness::{Test, run};

fn main() -> ExitCode {
    run(TESTS)
}

const TESTS: &[Test] = &[
    Test {
        name: "what_ch_image_pushes_comes_back_as_we_expect_of_ourselves",
        tools: ROUND_TRIP,
        story: round_trip::of_ch_image,
    },
    Test {
        name: "a_push_with_a_password_comes_back_whole",
        tools: ROUND_TRIP,
        story: round_trip::with_password,
    },
    Test {
        name: "a_push_in_layers_comes_back_whole",
        tools: ROUND_TRIP,
        story: round_trip::in_layers,
    },
    Test {
        name: "a_push_that_keeps_nothing_comes_back_whole",
        tools: ROUND_TRIP,
        story: round_trip::without_a_file,
    },
    Test {
        name: "a_push_without_compression_comes_back_whole",
        tools: ROUND_TRIP,
        story: round_trip::uncompressed,
    },
    Test {
        name: "a_push_with_a_token_comes_back_whole",
        tools: &["docker-registry", "skopeo", "umoci", "ch-image", "ch-run"],
        story: round_trip::with_token,
    },
    Test {
        name: "a_push_with_a_password_and_the_async_transport_comes_back_whole",
        tools: ROUND_TRIP,
        story: round_trip::with_password_and_a_runtime,
    },
    Test {
        name: "a_push_with_a_token_and_the_async_transport_comes_back_whole",
        tools: &["docker-registry", "skopeo", "umoci", "ch-image", "ch-run"],
        story: round_trip::with_token_and_a_runtime,
    },
    Test {
        name: "an_image_in_ch_images_storage_is_pushed_by_its_name",
        tools: ROUND_TRIP,
        story: round_trip::from_storage,
    },
    Test {
        name: "what_options_say_is_what_others_read_even_after_a_pull_with_ch_image",
        tools: &["docker-registry", "htpasswd", "skopeo", "ch-image"],
        story: config::through_ch_image,
    },
    Test {
        name: "a_second_push_uploads_no_layer",
        tools: &["docker-registry", "htpasswd"],
        story: repeat::same_image,
    },
    Test {
        name: "a_blob_is_mounted_from_another_repository",
        tools: &["docker-registry", "htpasswd"],
        story: repeat::other_repository,
    },
    Test {
        name: "a_blob_is_mounted_with_a_token_for_both_repositories",
        tools: &["docker-registry"],
        story: repeat::other_repository_with_token,
    },
    Test {
        name: "skopeo_agrees_with_our_report_in_docker_format",
        tools: &["docker-registry", "htpasswd", "skopeo"],
        story: formats::docker,
    },
    Test {
        name: "skopeo_agrees_with_our_report_in_oci_format",
        tools: &["docker-registry", "htpasswd", "skopeo"],
        story: formats::oci,
    },
    Test {
        name: "buildah_starts_from_every_format",
        tools: &["docker-registry", "htpasswd", "buildah"],
        story: formats::buildah,
    },
    Test {
        name: "what_is_preserved_is_restored_by_others",
        tools: &[
            "docker-registry",
            "htpasswd",
            "skopeo",
            "umoci",
            "buildah",
            "tar",
            "bsdtar",
        ],
        story: kept::comes_back,
    },
    Test {
        name: "readers_of_gzip_take_all_of_each_layer",
        tools: &[
            "docker-registry",
            "htpasswd",
            "skopeo",
            "gzip",
            "pigz",
            "igzip",
            "busybox",
            "toybox",
            "7z",
            "tar",
            "bsdtar",
            "python3",
            "perl",
        ],
        story: readers::of_gzip,
    },
    Test {
        name: "readers_of_zstd_take_all_of_each_layer",
        tools: &[
            "docker-registry",
            "htpasswd",
            "skopeo",
            "zstd",
            "7z",
            "tar",
            "bsdtar",
        ],
        story: readers::of_zstd,
    },
    Test {
        name: "readers_of_tar_take_all_of_a_layer",
        tools: &[
            "docker-registry",
            "htpasswd",
            "skopeo",
            "tar",
            "bsdtar",
            "busybox",
            "toybox",
            "python3",
        ],
        story: readers::of_tar,
    },
    Test {
        name: "readers_in_other_languages_take_all_of_each_layer",
        tools: &["docker-registry", "htpasswd", "skopeo", "node"],
        story: readers::of_packages,
    },
    Test {
        name: "libraries_that_unpack_images_take_all_of_each_layer",
        tools: &["docker-registry", "htpasswd", "skopeo"],
        story: readers::of_images,
    },
    Test {
        name: "odd_members_are_taken_by_every_reader",
        tools: &[
            "docker-registry",
            "htpasswd",
            "skopeo",
            "tar",
            "bsdtar",
            "busybox",
            "toybox",
            "python3",
            "sqfstar",
            "unsquashfs",
            "tar2sqfs",
        ],
        story: odd::members,
    },
    Test {
        name: "a_wrong_password_is_told_before_anything_is_packed",
        tools: &["docker-registry", "htpasswd"],
        story: refusal::wrong_password,
    },
    Test {
        name: "a_token_server_that_says_no_is_heard_before_anything_is_packed",
        tools: &["docker-registry"],
        story: refusal::no_token,
    },
    Test {
        name: "what_is_cancelled_leaves_no_data_unless_it_says_so",
        tools: &["docker-registry", "htpasswd"],
        story: cancels::no_data_stays,
    },
    Test {
        name: "squid_passes_clear_text_on_and_opens_tunnels_for_tls",
        tools: &["squid", "htpasswd"],
        story: proxies::squid,
    },
    Test {
        name: "what_squid_refuses_is_squids_refusal",
        tools: &["squid", "htpasswd"],
        story: proxies::squid_refuses,
    },
    Test {
        name: "keys_of_credentials_are_read_as_others_read_them",
        tools: &["skopeo"],
        story: credentials::by_key,
    },
    Test {
        name: "entries_of_credentials_are_read_as_others_read_them",
        tools: &["skopeo"],
        story: credentials::by_entry,
    },
    Test {
        name: "credential_helpers_are_asked_as_others_ask_them",
        tools: &["skopeo"],
        story: credentials::by_helper,
    },
    Test {
        name: "credentials_are_looked_for_where_others_look",
        tools: &["skopeo"],
        story: credentials::by_place,
    },
    Test {
        name: "the_judges_page_opens_in_a_browser_without_network",
        tools: &["chromium", "skopeo"],
        story: report::opens_in_a_browser,
    },
];

/// What it takes to push into a registry with a password and to pull with two other programs.
const ROUND_TRIP: &[&str] = &[
    "docker-registry",
    "htpasswd",
    "skopeo",
    "umoci",
    "ch-image",
    "ch-run",
];
