//! Ways in that are not the Git server's own: a proxy, and GitHub's API.

use crate::support::{AMPLE, Client, Server, error, fetch, read, resolve};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use inhaul_git::{
    Authorization, Call, Credentials, Error, ErrorKind, GitHubApp, Installation, Proxy, RemoteUrl,
};
use serde_json::{Value, json};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Everything up to the empty line.
async fn head(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => text.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(text).unwrap()
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// A proxy for plain http that wants a password. Answers its address and how often it was used.
async fn proxy(page: bool) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let used = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&used);
    tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let count = Arc::clone(&count);
            tokio::spawn(async move {
                let asked = head(&mut client).await;
                let wanted = format!("Basic {}", STANDARD.encode("ann:canary"));
                if page {
                    let answer = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\nConnection: close\r\n\r\n<p>no</p>";
                    client.write_all(answer.as_bytes()).await.unwrap();
                    return;
                }
                if header(&asked, "proxy-authorization") != Some(wanted.as_str()) {
                    let answer = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                    client.write_all(answer.as_bytes()).await.unwrap();
                    return;
                }
                count.fetch_add(1, Ordering::SeqCst);
                let (line, rest) = asked.split_once("\r\n").unwrap();
                let mut words = line.split(' ');
                let (method, url) = (words.next().unwrap(), words.next().unwrap());
                let url = RemoteParts::of(url);
                let mut server = TcpStream::connect(&url.host).await.unwrap();
                let request =
                    format!("{method} {} HTTP/1.1\r\nConnection: close\r\n{rest}", url.path);
                server.write_all(request.as_bytes()).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    (address, used)
}

struct RemoteParts {
    host: String,
    path: String,
}

impl RemoteParts {
    fn of(url: &str) -> Self {
        let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        Self { host: host.to_owned(), path: format!("/{path}") }
    }
}

fn through(address: &str, password: Option<&str>) -> Credentials {
    let proxy = Proxy {
        address: address.to_owned(),
        username: password.map(|_| "ann".to_owned()),
        password: password.map(str::to_owned),
    };
    Credentials { proxy: Some(proxy), ..Credentials::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_with_a_password_is_the_only_way_out() {
    let Some(server) = Server::start() else { return };
    server.repository("x.git").commit("main", &[("a", Some("1"))]);
    let (address, used) = proxy(false).await;
    let client = Client::new();
    let mirror = client.mirror_as(&server, "x.git", &through(&address, Some("canary")));
    let snapshot = fetch(&mirror, json!({"branch": "main"})).await.unwrap();
    assert_eq!(read(&snapshot, "a"), "1");
    assert!(used.load(Ordering::SeqCst) >= 2);
    let refused = client.mirror_as(&server, "x.git", &through(&address, None));
    let refused = error(resolve(&refused, json!({"branch": "main"})).await);
    assert_eq!(refused.kind(), ErrorKind::Unauthorized, "{refused}");
    assert!(refused.to_string().contains("407"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn proxies_that_do_not_work_are_named_and_show_no_password() {
    let Some(server) = Server::start() else { return };
    server.repository("x.git").commit("main", &[("a", Some("1"))]);
    let (page, _) = proxy(true).await;
    let client = Client::new();
    let web = client.mirror_as(&server, "x.git", &through(&page, Some("canary")));
    let refused = error(resolve(&web, json!({"branch": "main"})).await);
    assert!(refused.to_string().contains("a web page"), "{refused}");
    let gone = client.mirror_as(&server, "x.git", &through("http://127.0.0.1:1", Some("canary")));
    let refused = error(resolve(&gone, json!({"branch": "main"})).await);
    assert_eq!(refused.kind(), ErrorKind::Network, "{refused}");
    assert!(!refused.to_string().contains("canary"), "{refused}");
    let url = RemoteUrl::parse(&format!("{}/x.git", server.url)).unwrap();
    for address in ["", "socks5://h:1", "http://u:canary@h", "nonsense"] {
        let refused = error(client.mirrors.mirror(&url, &through(address, None)));
        assert_eq!(refused.kind(), ErrorKind::CredentialsInvalid);
        assert!(!refused.to_string().contains("canary"), "{refused}");
    }
}

/// GitHub's API, as far as apps go. Answers its address and how many tokens it gave out.
async fn github(expires: &'static str) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/api/v3", listener.local_addr().unwrap());
    let given = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&given);
    tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let asked = head(&mut client).await;
            let line = asked.lines().next().unwrap_or_default().to_owned();
            let proof = header(&asked, "authorization").unwrap().strip_prefix("Bearer ").unwrap();
            let claims = proof.split('.').nth(1).unwrap();
            let claims: Value =
                serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
            let (status, body) = match line.as_str() {
                _ if claims["iss"] != "42" => ("401 Unauthorized", json!({"message": "canary"})),
                "GET /api/v3/users/ann/installation HTTP/1.1" => ("200 OK", json!({"id": 7})),
                "POST /api/v3/app/installations/7/access_tokens HTTP/1.1" => {
                    let number = count.fetch_add(1, Ordering::SeqCst) + 1;
                    let token = format!("token-{number}");
                    ("201 Created", json!({"token": token, "expires_at": expires}))
                }
                _ => ("404 Not Found", json!({"message": "Not Found"})),
            };
            let body = body.to_string();
            let answer = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            client.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (address, given)
}

fn rsa_key(format: &[&str]) -> String {
    let mut command = Command::new("openssl");
    let made = command.args(["genrsa"]).args(format).arg("2048").output().unwrap();
    assert!(made.status.success());
    String::from_utf8(made.stdout).unwrap()
}

async fn log_in(client: &Client, app: &GitHubApp) -> Result<Credentials, Error> {
    client.mirrors.github_app(app, Credentials::default(), &Call::within(AMPLE)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_of_a_github_app_is_asked_for_once_while_it_lives() {
    let Some(server) = Server::start() else { return };
    server.repository("x.git").commit("main", &[("a", Some("1"))]);
    let basic = |token: &str| json!({"repo": "x.git", "mode": "basic", "user": "x-access-token", "password": token});
    for (expires, format, asked) in
        [("2099-01-01T00:00:00Z", &["-traditional"][..], 1), ("2020-01-01T00:00:00Z", &[], 3)]
    {
        let (address, given) = github(expires).await;
        let mut app = GitHubApp {
            id: "42".to_owned(),
            installation: Installation::Id("7".to_owned()),
            private_key: rsa_key(format),
            base_url: Some(address),
        };
        let client = Client::new();
        for _ in 0..3 {
            log_in(&client, &app).await.unwrap();
        }
        assert_eq!(given.load(Ordering::SeqCst), asked);
        let credentials = log_in(&client, &app).await.unwrap();
        let Authorization::Basic { password, .. } = &credentials.authorization else { panic!() };
        server.clear().await;
        server.fault(basic(password)).await;
        let mirror = client.mirror_as(&server, "x.git", &credentials);
        fetch(&mirror, json!({"branch": "main"})).await.unwrap();
        client.mirrors.forget_token(&mirror);
        let before = given.load(Ordering::SeqCst);
        app.installation = Installation::Owner("ann".to_owned());
        log_in(&client, &app).await.unwrap();
        assert_eq!(given.load(Ordering::SeqCst), before + 1, "found by its owner");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_is_not_let_in_is_refused_without_its_secrets() {
    let (address, _) = github("2099-01-01T00:00:00Z").await;
    let good = GitHubApp {
        id: "42".to_owned(),
        installation: Installation::Id("7".to_owned()),
        private_key: rsa_key(&[]),
        base_url: Some(address),
    };
    let client = Client::new();
    for (app, kind) in [
        (GitHubApp { id: "1".to_owned(), ..good.clone() }, ErrorKind::Unauthorized),
        (
            GitHubApp { installation: Installation::Id("8".to_owned()), ..good.clone() },
            ErrorKind::NotFound,
        ),
        (
            GitHubApp { private_key: "canary".to_owned(), ..good.clone() },
            ErrorKind::CredentialsInvalid,
        ),
        (
            GitHubApp { base_url: Some("ftp://x".to_owned()), ..good.clone() },
            ErrorKind::CredentialsInvalid,
        ),
    ] {
        let refused = error(log_in(&client, &app).await);
        assert_eq!(refused.kind(), kind, "{refused}");
        assert!(!refused.to_string().contains("canary"), "{refused}");
    }
}
