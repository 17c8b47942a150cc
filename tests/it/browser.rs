//! The pages in a real Chromium, against the real binary with the demo's story.

use std::{path::Path, process::Command};

use hefu_tests::process::Hefu;

#[test]
fn pages_hold_what_they_say_in_a_real_browser() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let packages = root.join("web/node_modules/playwright-core").exists();
    if !packages || Command::new("chromium").arg("--version").output().is_err() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "Chromium and the packages of web/ are missing");
        println!("Chromium or the packages of web/ are missing (scripts/setup build browser): pages were not tested");
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let node = Hefu::start(data.path(), &["--demo"]).unwrap();
    let item = super::thread::demo_items(&node).remove(0);
    let status = Command::new("node")
        .args(["--test", "--test-reporter=spec", "tests/e2e/pages.test.mjs"])
        .env("HEFU_URL", &node.ready.url)
        .env("HEFU_GENESIS", &node.ready.genesis)
        .env("HEFU_ITEM", &item)
        .current_dir(root)
        .status()
        .unwrap();
    assert!(status.success(), "the browser tests have failed");
}
