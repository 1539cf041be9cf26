//! More than anybody needs: long heads, deep JSON, packed bodies, large pages. Refused at once, with the reason, everywhere.

use crate::{
    access_matrix::{self, MATRIX},
    support::{
        database::TestDatabase,
        program::Program,
        server::{Answer, Server},
    },
};
use cms_messages::server::rest;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use reqwest::Method;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// The first line of what the server says to this, which also ends the connection.
async fn says(server: &Server, head: &str) -> String {
    let mut connection = TcpStream::connect(server.address).await.expect("a connection");
    // the server may hang up before it has read everything
    let _ = connection.write_all(head.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = connection.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_stranger_makes_no_errors_in_the_log_with_names_of_files() {
    let database = TestDatabase::new().await;
    let mut program = Program::serve_logged(&database, &[]);
    let (log, http) = (program.log(), reqwest::Client::builder().no_proxy().build().expect("a client"));
    let paths = [
        format!("/{}", "x".repeat(256)),
        format!("/{}", "x".repeat(9_000)),
        format!("/pkg/{}/x.js", "é".repeat(200)),
        "/x".repeat(3_000),
        "/favicon.svg/x".to_owned(),
        "/%00".to_owned(),
        "/pkg".to_owned(),
        "/..%2f..%2fetc%2fpasswd".to_owned(),
    ];
    for path in &paths {
        let answer = http.get(format!("http://{}{path}", program.address)).send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 404, "{}", path.get(..40).unwrap_or(path));
    }
    program.ask_to_stop();
    assert!(program.ended().await.0.success());
    let lines: Vec<String> = log.iter().collect();
    assert!(lines.iter().filter(|line| line.contains("answered")).count() >= paths.len(), "this test can fail");
    let errors: Vec<&String> = lines.iter().filter(|line| line.contains("\"ERROR\"")).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[tokio::test]
async fn a_head_is_bounded_in_its_length_and_in_its_lines() {
    let server = Server::start().await;
    let with = |lines: String| format!("GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{lines}\r\n");
    assert_eq!(says(&server, &with(format!("x-long: {}\r\n", "x".repeat(30_000)))).await, "HTTP/1.1 200 OK");
    let too_long = with(format!("x-long: {}\r\n", "x".repeat(300_000)));
    assert!(says(&server, &too_long).await.starts_with("HTTP/1.1 431"), "one long line");
    let many: String = (0..50).map(|n| format!("x-{n}: x\r\n")).collect();
    assert_eq!(says(&server, &with(many.clone())).await, "HTTP/1.1 200 OK");
    assert!(says(&server, &with(many.repeat(20))).await.starts_with("HTTP/1.1 431"), "many short ones");
    let address = format!("GET /healthz?{} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", "x".repeat(300_000));
    let said = says(&server, &address).await;
    assert!(said.starts_with("HTTP/1.1 414") || said.starts_with("HTTP/1.1 431"), "a long address: {said}");
    assert_eq!(server.stranger().get("/healthz").await.status, 200);
}

#[tokio::test]
async fn json_that_nests_too_deep_is_malformed_wherever_json_is_taken() {
    let (scene, [_, _, _, (_, admin, _)]) = access_matrix::scene().await;
    let mut asked = 0;
    for row in MATRIX.iter().filter(|row| row.path.starts_with("/api/") || row.path.starts_with("/rpc/")) {
        let method: Method = row.method.parse().expect("a method");
        if matches!(method, Method::GET | Method::DELETE) || row.path.ends_with("/import") || row.path == "/rpc/sign_out" {
            continue;
        }
        let deep = |depth: usize| {
            let body = format!("{{\"body\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
            let request = admin.request(method.clone(), &scene.path(row)).header(CONTENT_TYPE, "application/json");
            Answer::of(request.body(body))
        };
        let takes_a_body = Answer::of(admin.request(method.clone(), &scene.path(row))).await.status == 415;
        if !takes_a_body {
            continue;
        }
        asked += 1;
        assert_eq!(deep(30_000).await.outcome(), "400 malformed_request", "{} {}", row.method, row.path);
        assert!(deep(100).await.status < 500, "{} {}", row.method, row.path);
    }
    assert!(asked > 25, "{asked} take JSON");
}

#[tokio::test]
async fn nothing_that_comes_in_is_unpacked() {
    let (scene, [_, (_, asha, _), _, (_, admin, _)]) = access_matrix::scene().await;
    let sent = json!({"conversation_id": scene.path(conversation()).rsplit('/').next(), "client_id": uuid::Uuid::now_v7(), "body": "x"});
    let send = |coding: &str| {
        let request = asha.request(Method::POST, "/rpc/send_message").header(CONTENT_ENCODING, coding);
        Answer::of(request.json(&sent))
    };
    for coding in ["gzip", "br", "deflate", "zstd", "GZIP", "identity, gzip", "x"] {
        assert_eq!(send(coding).await.outcome(), "415 unsupported_media_type", "{coding}");
        let form = asha.request(Method::POST, "/settings").header(CONTENT_ENCODING, coding);
        let form = form.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body("current_password=x&new_password=y");
        assert_eq!(Answer::of(form).await.status, 415, "{coding}");
        let file = admin.request(Method::POST, "/api/v1/admin/users/import").header(CONTENT_ENCODING, coding);
        assert_eq!(Answer::of(file.header(CONTENT_TYPE, "text/csv").body("x")).await.outcome(), "415 unsupported_media_type", "{coding}");
    }
    assert_eq!(send("identity").await.status, 200);
}

fn conversation() -> &'static access_matrix::Row {
    MATRIX.iter().find(|row| row.path == "/api/v1/conversations/{id}").expect("a row")
}

#[tokio::test]
async fn no_list_gives_more_than_it_says_however_much_is_asked_for() {
    let (scene, [_, (_, asha, _), _, (_, admin, _)]) = access_matrix::scene().await;
    // one of the lists is that of a review, which somebody else has to agree to
    let agreed = MATRIX.iter().find(|row| row.path == "/api/v1/admin/reviews/{id}/approve").expect("a row");
    let (_, second) = scene.server.admin("dara").await;
    assert_eq!(second.post(&scene.path(agreed), json!({})).await.status, 200);
    let document = rest::document();
    let mut lists = 0;
    for row in MATRIX.iter().filter(|row| row.method == "GET") {
        let Some(path) = row.path.strip_prefix(rest::PREFIX) else { continue };
        let operation = [row.path, path].into_iter().map(|path| &document["paths"][path]["get"]).find(|found| found.is_object());
        let parameters = operation.and_then(|operation| operation["parameters"].as_array()).into_iter().flatten();
        let Some(limit) = parameters.into_iter().find(|parameter| parameter["name"] == "limit") else { continue };
        let most = limit["schema"]["maximum"].as_i64().unwrap_or_else(|| panic!("{path} has a limit without a maximum: {limit}"));
        assert!(most <= 500, "{path} gives {most}");
        lists += 1;
        let client = if path.starts_with("/admin") { &admin } else { &asha };
        let query = match path {
            "/users" => "q=b&",
            "/changes" => "since=0&",
            _ => "",
        };
        let ask = async |limit: String| client.get(&format!("{}?{query}limit={limit}", scene.path(row))).await;
        assert_eq!(ask(most.to_string()).await.status, 200, "{path}");
        for wrong in [
            "0".to_owned(),
            "-1".into(),
            (most + 1).to_string(),
            i64::MAX.to_string(),
            "99999999999999999999".into(),
            "many".into(),
            String::new(),
        ] {
            let answer = ask(wrong.clone()).await;
            assert_eq!(answer.outcome(), "422 invalid", "{path} with limit={wrong:?}");
            assert!(answer.json()["fields"]["limit"].is_string(), "{path} with limit={wrong:?}: {answer:?}");
        }
    }
    assert!(lists >= 8, "{lists} lists have a limit");
}
