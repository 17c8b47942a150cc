//! What only shows on a real connection.

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::{App, HttpServer, dev::ServerHandle};
use hefu_api::BATCH_BYTES_MAX;

use crate::{
    chain::Chain,
    client::api,
    demo::{Demo, address},
};

/// A server on a port of its own, stopped with the test.
struct Server {
    address: SocketAddr,
    handle: ServerHandle,
}

impl Server {
    fn start(chain: Arc<Chain>) -> Server {
        let api = api(chain);
        let server = HttpServer::new(move || App::new().configure(api.clone())).workers(1).disable_signals();
        let server = server.bind(("127.0.0.1", 0)).unwrap();
        let address = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Server { address, handle }
    }

    /// Sends a request and reads until the server closes, or until the answer ends with `until`.
    async fn ask(&self, request: String, until: &'static str) -> String {
        let address = self.address;
        let asking = actix_web::rt::task::spawn_blocking(move || {
            let mut connection = TcpStream::connect(address).unwrap();
            connection.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            connection.write_all(request.as_bytes()).unwrap();
            let mut answer = Vec::new();
            let mut buffer = [0; 4_096];
            while until.is_empty() || !answer.ends_with(until.as_bytes()) {
                match connection.read(&mut buffer).unwrap() {
                    0 => break,
                    count => answer.extend_from_slice(&buffer[..count]),
                }
            }
            String::from_utf8(answer).unwrap()
        });
        asking.await.unwrap()
    }
}

#[actix_web::test]
async fn the_answer_to_head_has_a_length_and_no_body() {
    let demo = Demo::with_history();
    let server = Server::start(demo.chain.clone());
    let path = address(0);
    let head = server.ask(format!("HEAD {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), "").await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    let length =
        |answer: &str| answer.lines().find_map(|line| line.strip_prefix("content-length: ").map(str::to_owned));
    let get = server.ask(format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), "").await;
    assert_eq!(length(&head), length(&get));
    server.handle.stop(false).await;
}

#[actix_web::test]
async fn a_body_that_is_announced_too_large_is_not_waited_for() {
    let demo = Demo::new();
    let server = Server::start(demo.chain.clone());
    let length = BATCH_BYTES_MAX + 1;
    let request = format!(
        "POST /v1/records HTTP/1.1\r\nHost: a\r\nContent-Type: application/jsonl\r\nContent-Length: {length}\r\n\r\n"
    );
    let answer = server.ask(request, "").await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("connection: close"), "{answer}");
    server.handle.stop(false).await;
}

#[actix_web::test]
async fn a_body_that_nobody_reads_does_not_hold_its_connection() {
    let demo = Demo::new();
    let server = Server::start(demo.chain.clone());
    for line in ["POST /v1/records", "GET /v1/status", "OPTIONS /v1/status", "GET /nothing", "HEAD /docs/"] {
        let mut connection = TcpStream::connect(server.address).unwrap();
        connection.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        write!(connection, "{line} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
        let dripping = actix_web::rt::task::spawn_blocking(move || {
            let began = Instant::now();
            // A chunk now and then, for as long as the server takes them.
            while began.elapsed() < Duration::from_secs(20) {
                let gone = connection.write_all(b"1\r\n[\r\n").is_err();
                match connection.read(&mut [0; 4_096]) {
                    Ok(0) => return true,
                    Err(error) if gone || error.kind() == ErrorKind::ConnectionReset => return true,
                    Ok(_) | Err(_) => {}
                }
            }
            false
        });
        assert!(dripping.await.unwrap(), "{line}: the connection is still open");
    }
    server.handle.stop(false).await;
}

#[actix_web::test]
async fn events_are_sent_as_they_happen() {
    let demo = Demo::new();
    let server = Server::start(demo.chain.clone());
    let request = "GET /v1/stream/blocks?from=1 HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n".to_owned();
    let opened = server.ask(request.clone(), "retry: 2000\n\n\r\n").await;
    assert!(opened.contains("transfer-encoding: chunked") && !opened.contains("content-encoding"), "{opened}");
    demo.chain.decide();
    let first = server.ask(request, "Z\"}\n\n\r\n").await;
    assert!(first.contains("id: 1\ndata: {\"block\":"), "{first}");
    server.handle.stop(false).await;
}
