//! The pages in a real Chromium, against the real binary with the demo's story.

use std::{path::Path, process::Command};

use hefu_tests::{process::Hefu, testnet::Testnet};

/// Whether the packages of web/ are there, on a machine that may do without them.
fn has_packages(root: &Path, package: &str) -> bool {
    let there = root.join("web/node_modules").join(package).exists();
    assert!(there || std::env::var("CI").as_deref() != Ok("true"), "the packages of web/ are missing");
    if !there {
        println!("the packages of web/ are missing (scripts/setup build browser): this was not tested");
    }
    there
}

#[test]
fn what_a_network_proves_holds_in_the_verifier_of_the_page() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    if !has_packages(root, "esbuild") {
        return;
    }
    let mut net = Testnet::init(4, &["--demo"]).unwrap();
    net.up().unwrap();
    net.level().unwrap();
    let urls: Vec<&str> = net.validators.iter().map(|up| up.url.as_str()).collect();
    let items: Vec<&str> = net.items.iter().map(|item| item.strip_prefix(urls[0]).unwrap()).collect();
    let status = Command::new("node")
        .args(["--test", "--test-reporter=spec", "tests/e2e/network.test.mjs"])
        .env("HEFU_URLS", urls.join(" "))
        .env("HEFU_ITEMS", items.join(" "))
        .env("HEFU_GENESIS", &net.genesis)
        .current_dir(root)
        .status()
        .unwrap();
    assert!(status.success(), "the verifier does not hold with the network");
    net.down().unwrap();
}

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
