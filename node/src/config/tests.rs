use super::*;

const EXAMPLE: &str = r#"
data = "data"
genesis = "genesis.json"
moniker = "corenest"

[keys]
validator = "keys/validator.key"
node = "/run/keys/node.key"

[http]
listen = "127.0.0.1:8080"

origins = ["https://www.t.example"]
neighbours = [{ origin = "https://t.huaxu.example", party = "huaxu" }]

[network]
listen = "/ip4/0.0.0.0/tcp/26656"
"#;

/// Reads a text as a configuration file.
fn check(text: &str) -> Result<(Config, PathBuf), String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("hefu.toml");
    std::fs::write(&path, text).unwrap();
    let read = Config::read(&path).map_err(|bad| format!("{bad}: {}", std::error::Error::source(&bad).unwrap()));
    read.map(|config| (config, directory.path().to_owned()))
}

#[test]
fn paths_are_relative_to_the_file() {
    let (config, directory) = check(EXAMPLE).unwrap();
    assert_eq!(config.data, directory.join("data"));
    assert_eq!(config.keys.validator, directory.join("keys/validator.key"));
    assert_eq!(config.keys.node, Path::new("/run/keys/node.key"));
    assert_eq!(config.keys.passphrase_file, None);
    assert_eq!(config.log.format, LogFormat::Text);
    assert!(!config.network.open);
    assert_eq!((config.http.origin, config.http.language), (None, PageLanguage::Zh));
    assert_eq!(config.http.origins[0].0.host(), "www.t.example");
    assert_eq!(config.http.neighbours[0].origin.host(), "t.huaxu.example");
}

#[test]
fn what_cannot_be_understood_is_named() {
    for (from, to, expected) in [
        ("moniker =", "nickname =", "unknown field: found `nickname`"),
        ("[http]", "[http]\nport = 80", "unknown field: found `port`"),
        ("127.0.0.1:8080", "localhost", "http.listen"),
        ("https://t.huaxu", "ftp://t.huaxu", "http.neighbours"),
        ("https://www.t", "www.t", "http.origins"),
        ("[network]", "[network]\npeers = \"v2\"", "network.peers"),
        ("/ip4/0.0.0.0/tcp/26656", "0.0.0.0:26656", "network.listen"),
        ("moniker = \"corenest\"\n", "", "missing field `moniker`"),
        ("moniker = \"corenest\"\n", "moniker = 7\n", "moniker"),
        ("[keys]", "[keys", "hefu.toml"),
    ] {
        let found = check(&EXAMPLE.replace(from, to)).unwrap_err();
        assert!(found.contains(expected), "{found}");
    }
    let missing = Config::read(Path::new("/nowhere/hefu.toml")).unwrap_err();
    assert!(missing.to_string().contains("/nowhere/hefu.toml"));
}
