//! Subscriptions by WebSocket, with a client of somebody else's making.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
};

use actix_web::{
    App, HttpServer,
    dev::ServerHandle,
    http::{StatusCode, header},
    rt,
    test::TestRequest,
};
use hefu_api::Local;
use hefu_contracts::access;
use serde_json::Value;
use tungstenite::{Message, WebSocket, client::IntoClientRequest};

use crate::{
    client::origins,
    queries::{is_exception, node},
    secrets::{VISITORS, World},
    subscriptions::{WITHIN, inspects, numbered, numbers},
};

/// A server with sockets.
struct Served {
    address: SocketAddr,
    handle: ServerHandle,
}

fn serve(world: &World) -> Served {
    let api = hefu_api::configure(world.demo.chain.clone(), &origins(), Local::in_memory()).unwrap();
    let server = HttpServer::new(move || App::new().configure(api.clone())).workers(1).disable_signals();
    let server = server.bind(("127.0.0.1", 0)).unwrap();
    let address = server.addrs()[0];
    let server = server.run();
    let handle = server.handle();
    rt::spawn(server);
    Served { address, handle }
}

type Socket = WebSocket<TcpStream>;

/// Opens a WebSocket, or says with which status that was refused.
async fn connect(served: &Served, path: &str, headers: &[(&'static str, String)]) -> Result<Socket, u16> {
    let mut request = format!("ws://{}/epcis/v2{path}", served.address).into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    let address = served.address;
    let connecting = rt::task::spawn_blocking(move || {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(WITHIN)).unwrap();
        match tungstenite::client(request, stream) {
            Ok((socket, answer)) => {
                assert!(answer.headers().contains_key("gs1-query-min-record-time"));
                Ok(socket)
            }
            Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(answer))) => {
                Err(answer.status().as_u16())
            }
            Err(error) => panic!("{error}"),
        }
    });
    connecting.await.unwrap()
}

/// The next message that is no ping.
async fn heard(mut socket: Socket) -> (Socket, Message) {
    let listening = rt::task::spawn_blocking(move || {
        loop {
            match socket.read().unwrap() {
                Message::Ping(_) | Message::Pong(_) => {}
                message @ (Message::Text(_) | Message::Binary(_) | Message::Close(_) | Message::Frame(_)) => {
                    return (socket, message);
                }
            }
        }
    });
    listening.await.unwrap()
}

fn report(message: &Message) -> Value {
    serde_json::from_str(message.to_text().unwrap()).unwrap()
}

#[actix_web::test]
async fn a_websocket_streams_what_comes_and_ends_with_its_query() {
    let world = World::new();
    let served = serve(&world);
    let visitor = VISITORS.iter().find(|visitor| visitor.name == "store").unwrap();
    let shown = ("authorization", access::header(&visitor.document(&world).unwrap()));
    let over = async |request: &str, body: Option<Value>, method: &str| {
        let url = format!("http://{}/epcis/v2{request}", served.address);
        let (method, shown) = (method.to_owned(), shown.1.clone());
        let asking = rt::task::spawn_blocking(move || ask_over_tcp(&url, &method, &shown, body));
        asking.await.unwrap()
    };
    assert_eq!(over("/queries", Some(numbered("n")), "POST").await, 201);
    inspects(&world.demo, 1);
    // From a time on, and from now on.
    let past = connect(
        &served,
        "/queries/n/events?stream=true&initialRecordTime=2000-01-01T00:00:00Z",
        std::slice::from_ref(&shown),
    )
    .await;
    let (past, message) = heard(past.unwrap()).await;
    assert_eq!(numbers(&report(&message)), [1]);
    let live = connect(&served, "/queries/n/events?stream=true", std::slice::from_ref(&shown)).await.unwrap();
    let scheduled = "/queries/n/events?second=0/1&reportIfEmpty=true";
    let timed = connect(&served, scheduled, std::slice::from_ref(&shown)).await.unwrap();
    let (timed, message) = heard(timed).await;
    assert_eq!(numbers(&report(&message)), Vec::<u64>::new());
    inspects(&world.demo, 2);
    let (live, message) = heard(live).await;
    assert_eq!(numbers(&report(&message)), [2]);
    let (past, message) = heard(past).await;
    assert_eq!(numbers(&report(&message)), [2]);

    for (path, headers, status) in [
        ("/queries/n/events", vec![shown.clone()], 400),
        ("/queries/n/events?stream=true&hour=1", vec![shown.clone()], 400),
        ("/queries/n/events?stream=true&EQ_action=ADD", vec![shown.clone()], 400),
        ("/queries/x/events?stream=true", vec![shown.clone()], 404),
        ("/queries/n/events?stream=true", vec![], 401),
        ("/queries/n/events?stream=true", vec![shown.clone(), ("origin", "https://evil.example".to_owned())], 403),
    ] {
        assert_eq!(connect(&served, path, &headers).await.err(), Some(status), "{path}");
    }

    assert_eq!(over("/queries/n", None, "DELETE").await, 204);
    for mut socket in [past, live, timed] {
        loop {
            let (back, message) = heard(socket).await;
            socket = back;
            if let Message::Close(frame) = message {
                assert_eq!(frame.unwrap().reason.as_str(), "the query was deleted");
                break;
            }
        }
    }
    served.handle.stop(false).await;
}

/// Asks over a connection of its own: the status.
fn ask_over_tcp(url: &str, method: &str, authorization: &str, body: Option<Value>) -> u16 {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    let request = format!(
        "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {authorization}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(host).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

#[actix_web::test]
async fn parameters_of_a_subscription_without_a_socket_are_refused() {
    let world = World::new();
    let node = node(&world, Local::in_memory()).await;
    node.post("store", "/queries", &numbered("n")).await;
    let answer = node.get("store", "/queries/n/events?stream=true").await;
    is_exception(&answer, 400, "E-QUERY", "QueryParameterException");
    let half =
        TestRequest::get().uri("/epcis/v2/queries/n/events?stream=true").insert_header((header::UPGRADE, "websocket"));
    assert_eq!(node.ask("store", half).await.status, StatusCode::BAD_REQUEST);
}
