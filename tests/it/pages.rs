//! Pages that are rendered at the same time, or for nobody any more.

use crate::support::{
    person::Person,
    server::{Client, Server},
};
use cms_messages::server::router;
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// Three people; the first has one unread message, the second two, the third three.
async fn scene() -> (Server, Vec<(Person, Client, String)>) {
    let server = Server::start().await;
    let chatty = server.office.person("chatty").await;
    let mut people = Vec::new();
    for (unread, name) in [(1, "asha"), (2, "bikram"), (3, "chen")] {
        let person = server.office.person(name).await;
        let id = chatty.open(&person).await;
        for n in 0..unread {
            chatty.write(id, &format!("secret of {name} {n}")).await;
        }
        let client = server.browser(&person).await;
        people.push((person, client, id.to_string()));
    }
    (server, people)
}

/// What is another one with each render: nonces, keys, ids of requests, the moment.
fn without_what_changes(page: &str) -> String {
    let pieces = page.split(['"', '\\', '\'']);
    let is_fresh = |piece: &&str| piece.len() < 20 || piece.contains([' ', '<', '/']) || !piece.is_ascii();
    pieces.filter(is_fresh).collect::<Vec<_>>().join("\"")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn pages_that_are_rendered_at_once_do_not_mix() {
    let (_server, people) = scene().await;
    let mut renders = Vec::new();
    for round in 0..20 {
        for (at, (person, client, id)) in people.iter().enumerate() {
            let paths = ["/messages".to_owned(), format!("/messages/{id}"), "/settings".to_owned(), "/messages/new?q=chat".to_owned()];
            let (name, client, path) = (person.user.username.clone(), client.clone(), paths[round % 4].clone());
            renders.push(tokio::spawn(async move { (at, name, path.clone(), client.get(&path).await) }));
        }
    }
    let mut kinds = BTreeSet::new();
    for render in renders {
        let (at, name, path, page) = render.await.expect("no panic");
        assert_eq!(page.status, 200, "{path} of {name}");
        let title = page.text.split("<title>").nth(1).expect("a title");
        assert!(title.starts_with(&format!("({}) ", at + 1)), "{path} of {name}: {title:.60}");
        for other in ["asha", "bikram", "chen"].into_iter().filter(|other| *other != name) {
            assert!(!page.text.contains(&format!("secret of {other}")), "{path} shows {name} what {other} has");
        }
        kinds.insert((name, path, without_what_changes(&page.text).len()));
    }
    assert_eq!(kinds.len(), 3 * 4, "the same page for the same person: {kinds:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_page_comes_to_its_end_while_other_servers_of_this_process_begin() {
    let server = Server::start().await;
    let (state, enough) = (server.office.state.clone(), Arc::new(AtomicBool::new(false)));
    let until = enough.clone();
    let beginning = tokio::task::spawn_blocking(move || {
        while !until.load(Ordering::Relaxed) {
            drop(router::router(state.clone()));
        }
    });
    let stranger = server.stranger();
    let mut statuses = Vec::new();
    for _ in 0..50 {
        statuses.push(stranger.get("/sign_in").await.status);
    }
    enough.store(true, Ordering::Relaxed);
    beginning.await.expect("no panic");
    assert_eq!(statuses, vec![200; 50]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_page_is_built_once_however_fast_its_data_are_there() {
    let (_server, people) = scene().await;
    let (_, client, id) = &people[0];
    for path in ["/messages", &format!("/messages/{id}"), "/settings", "/messages/new?q=chat"] {
        let mut kinds = BTreeSet::new();
        for _ in 0..25 {
            let page = client.get(path).await;
            assert_eq!(page.status, 200, "{path}");
            // what is built a second time gets other ids for what it loads, and the browser looks for the first ones
            let resources = page.text.split("__PENDING_RESOURCES=[").nth(1).and_then(|rest| rest.split(']').next()).expect("ids");
            kinds.insert(resources.split(',').map(str::to_owned).collect::<BTreeSet<_>>());
        }
        assert_eq!(kinds.len(), 1, "{path}: {kinds:?}");
    }
}

#[tokio::test]
async fn a_page_that_nobody_waits_for_ends_and_leaves_its_turn_to_others() {
    let (server, people) = scene().await;
    let (_, client, id) = &people[0];
    let path = format!("/messages/{id}");
    for _ in 0..200 {
        let page = client.request(reqwest::Method::GET, &path).send();
        // away before, during or after the render
        let _ = tokio::time::timeout(Duration::from_millis(4), page).await;
    }
    server.office.state.tasks.close();
    tokio::time::timeout(Duration::from_secs(30), server.office.state.tasks.wait()).await.expect("every render has ended");
    server.office.state.tasks.reopen();
    assert_eq!(client.get(&path).await.status, 200);
}
