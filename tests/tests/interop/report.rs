//! The judge's page, opened in a browser that has no network.

use std::fs;
use std::path::Path;

use longshore_mock_registry::judge::{Report, Scenario, Settings, Verdict, run};
use longshore_tests::real::tools::{self, isolated, said};

use crate::harness::{Shared, Told};

pub(crate) fn opens_in_a_browser(_: &Shared) -> Told {
    let folder = tempfile::tempdir().expect("a folder");
    let report = judged();
    let page = report.html();
    let dom = opened(folder.path(), &page);
    for check in &report.checks {
        // What is parsed is written back with its attributes in quotes.
        let row = format!("id=\"{}\"", check.id);
        assert!(dom.contains(&row), "{row} is not in the page");
        let verdict = check.verdict.name();
        let from = dom.find(&row).unwrap_or_default();
        let end = dom[from..].find("</summary>").unwrap_or_default();
        assert!(dom[from..from + end].contains(verdict), "{row}: {verdict}");
    }
    for text in [
        "it reported success, but there is no manifest latest",
        "/v2/demo/app/manifests/latest",
        "101 kB",
        "&lt;script&gt;",
    ] {
        assert!(dom.contains(text), "{text:?} is not in the page");
    }

    // A script of our own asks the browser what is seen once a tile is chosen.
    let shown = opened(
        folder.path(),
        &format!("{page}{}", ASK.replace("GROUP", "fail")),
    );
    assert!(
        shown.contains("<title>fail:block pass:none none:none</title>"),
        "{shown:.300}"
    );
    let shown = opened(
        folder.path(),
        &format!("{page}{}", ASK.replace("GROUP", "all")),
    );
    assert!(
        shown.contains("<title>fail:block pass:block none:block</title>"),
        "{shown:.300}"
    );
    Told::Whole
}

/// A client that pushes in one scenario, and only says so in another.
fn judged() -> Report {
    let script = "echo '<script>'; [ $MOCK_SCENARIO = calm ] || exit 0; exec skopeo copy --quiet \
                  --dest-tls-verify=false --dest-creds {user}:{password} oci:{oci} \
                  docker://{registry}/{repo}:{tag}";
    let scenarios: Vec<Scenario> = Scenario::builtin()
        .into_iter()
        .filter(|scenario| ["calm", "anonymous"].contains(&scenario.name.as_str()))
        .collect();
    let settings = Settings {
        command: vec!["sh".into(), "-c".into(), script.into()],
        jobs: 1,
        limit: None,
    };
    let report = run(&scenarios, &settings, &|_| ()).expect("the client is there");
    assert!(report.count(Verdict::Fail) > 0 && report.count(Verdict::Pass) > 10);
    report
}

/// What a browser makes of a page.
fn opened(folder: &Path, page: &str) -> String {
    let file = folder.join("report.html");
    fs::write(&file, page).expect("the folder is ours");
    let mut chromium = isolated(std::process::Command::new("chromium"));
    chromium.env("HOME", folder).args([
        "--headless",
        // Root may have no sandbox, and nothing here comes from anybody else.
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        // Nobody listens there: whatever the page wanted from a network would be missing.
        "--proxy-server=127.0.0.1:9",
        "--dump-dom",
    ]);
    let output = tools::run(chromium.arg(&file));
    let dom = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(dom.contains("</html>"), "{}", said(&output));
    dom
}

const ASK: &str = "<script>
    document.getElementById('show-GROUP').checked = true;
    document.title = [...document.querySelectorAll('section')]
        .map(section => section.className + ':' + getComputedStyle(section).display)
        .filter(text => /^(fail|pass|none):/.test(text)).join(' ');
</script>";
