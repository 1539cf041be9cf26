//! Who may ask, release and take, in which mode, over the API and on the screen.

use super::*;

#[tokio::test]
async fn a_second_admin_releases_it_then_who_asked_takes_it_and_nobody_else_ever_does() {
    let scene = Scene::new().await;
    let (meera, noor) = (&scene.meera, &scene.noor);
    let review = reviews::request(&meera.ctx, scene.request()).await.expect("asked for");
    assert_eq!(code(review_exports::request(&meera.ctx, review.id).await), Code::Forbidden, "nobody has agreed to the review");
    let review = reviews::decide(&noor.ctx, review.id, Decision::Approve, None).await.expect("approved");
    assert_eq!(code(review_exports::request(&noor.ctx, review.id).await), Code::Forbidden, "it is meera who reads");

    let export = review_exports::request(&meera.ctx, review.id).await.expect("asked for");
    assert_eq!((export.state, export.mode, export.tree_size), (ExportState::Requested, ReviewMode::Dual, None));
    assert_eq!(code(review_exports::request(&meera.ctx, review.id).await), Code::Invalid, "one at a time");
    assert_eq!(scene.refused(meera, &export).await, Code::Forbidden, "nobody has released it");
    let own = review_exports::decide(&meera.ctx, review.id, export.id, Decision::Approve, None).await;
    assert_eq!(code(own), Code::Forbidden, "one's own request");
    let export =
        review_exports::decide(&noor.ctx, review.id, export.id, Decision::Approve, Some(" Agreed. ".into())).await.expect("released");
    assert_eq!((export.state, export.decision_note.as_deref()), (ExportState::Released, Some("Agreed.")));
    assert!(export.tree_size.is_some());
    let again = review_exports::decide(&noor.ctx, review.id, export.id, Decision::Refuse, None).await;
    assert_eq!(code(again), Code::ReviewSettled, "it was decided");

    assert_eq!(scene.refused(noor, &export).await, Code::Forbidden, "who released it does not take it");
    for member in [&scene.asha, &scene.bikram] {
        assert_eq!(scene.refused(member, &export).await, Code::Forbidden, "no admin");
        assert_eq!(code(review_exports::list(&member.ctx, review.id).await), Code::Forbidden);
    }
    assert_eq!(scene.server.office.count("select count(*) from review_export_takes").await, 0);
    let bytes = scene.takes(meera, &export).await.expect("taken");
    let report = verified(&bytes, &Trust { anchors: Vec::new(), keys: vec![key(1).public()], ..Trust::default() });
    assert!(report.is_good(), "{:#?}", report.findings.kept());

    let [now] = &review_exports::list(&noor.ctx, review.id).await.expect("the list")[..] else { panic!("one") };
    assert_eq!((now.times_taken, now.manifest_sha256.as_deref()), (1, Some(report.manifest_sha256.to_string().as_str())));
    let entries = scene.entries().await;
    let actions: Vec<&str> = entries.iter().map(|(action, _)| action.as_str()).collect();
    assert_eq!(actions, ["export.requested", "export.released", "export.taken", "export.made"]);
    assert_eq!(entries[3].1["manifest_sha256"], json!(report.manifest_sha256.to_string()), "the log holds the digest");
    let words = "select count(*) from audit_entries where details::text ~* 'canary|gate passes|TP-C-118|agreed'";
    assert_eq!(scene.server.office.count(words).await, 0, "no typed word in the log");
}

#[tokio::test]
async fn who_is_no_admin_any_more_gets_no_more() {
    let scene = Scene::new().await;
    let review = scene.approved(scene.request()).await;
    let export = scene.released(&review).await;
    let archive = review_exports::take(&scene.meera.ctx, review.id, export.id).await.expect("begun");
    scene.owner_does("update users set role = 'member' where username = 'meera'").await;
    let rest: Result<Vec<Vec<u8>>, Error> = archive.into_stream().try_collect().await;
    assert_eq!(code(rest), Code::Forbidden);
    let mut member = scene.meera.clone();
    member.user.role = Role::Member;
    member.ctx = context(&scene.server.office.state, &member.user);
    assert_eq!(scene.refused(&member, &export).await, Code::Forbidden);
}

#[tokio::test]
async fn where_one_person_is_enough_it_is_released_at_once_and_ends_where_two_are_needed() {
    let scene = Scene::with(with(ReviewMode::Single)).await;
    let review = reviews::request(&scene.meera.ctx, scene.request()).await.expect("granted");
    let export = review_exports::request(&scene.meera.ctx, review.id).await.expect("released");
    assert_eq!((export.state, export.mode), (ExportState::Released, ReviewMode::Single));
    assert!(verified(&scene.takes(&scene.meera, &export).await.expect("taken"), &Trust::default()).is_good());
    for policy in [ReviewMode::Dual, ReviewMode::Off] {
        let there = context(&state(with(policy), scene.server.office.database.pool(2)), &scene.meera.user);
        assert_eq!(code(review_exports::take(&there, review.id, export.id).await.map(|_| ())), Code::Forbidden, "{policy:?}");
        assert_eq!(code(review_exports::request(&there, review.id).await), Code::Forbidden, "{policy:?}");
    }
    // a review that two have agreed to needs two for this as well, whatever is enough by now
    let dual = context(&state(settings(), scene.server.office.database.pool(2)), &scene.meera.user);
    let second = context(&state(settings(), scene.server.office.database.pool(2)), &scene.noor.user);
    let review = reviews::request(&dual, scene.request()).await.expect("asked for");
    reviews::decide(&second, review.id, Decision::Approve, None).await.expect("approved");
    let export = review_exports::request(&scene.meera.ctx, review.id).await.expect("asked for");
    assert_eq!(export.state, ExportState::Requested);
}

#[tokio::test]
async fn an_admin_in_their_own_matter_neither_sees_nor_releases_it() {
    let mut scene = Scene::new().await;
    let omar = scene.server.office.person("omar").await.becomes_admin().await;
    let with_noor = scene.asha.open(&scene.noor).await;
    scene.asha.write(with_noor, "to noor").await;
    scene.is_sealed().await;
    let own = ReviewRequest { scope: ReviewScope::ConversationId(with_noor), ..scene.request() };
    let review = reviews::request(&scene.meera.ctx, own).await.expect("asked for");
    reviews::decide(&omar.ctx, review.id, Decision::Approve, None).await.expect("approved");
    let export = review_exports::request(&scene.meera.ctx, review.id).await.expect("asked for");
    assert_eq!(code(review_exports::list(&scene.noor.ctx, review.id).await), Code::NotFound);
    let decided = review_exports::decide(&scene.noor.ctx, review.id, export.id, Decision::Approve, None).await;
    assert_eq!(code(decided), Code::NotFound);
    // an export is found under its own review alone
    let other = scene.approved(scene.request()).await;
    let decided = review_exports::decide(&omar.ctx, other.id, export.id, Decision::Approve, None).await;
    assert_eq!(code(decided), Code::NotFound);
}

#[tokio::test]
async fn it_is_asked_for_released_and_taken_over_the_api_and_on_the_screen() {
    let scene = Scene::new().await;
    let (meera, noor) = (scene.server.browser(&scene.meera).await, scene.server.browser(&scene.noor).await);
    for way in ["/api/v1/admin", "/admin"] {
        let review = scene.approved(scene.request()).await;
        let (base, api) = (format!("{way}/reviews/{}/exports", review.id), way.starts_with("/api"));
        let does = async |who: &Client, path: &str, decision: &str| {
            if api {
                who.post(path, json!({"note": "Agreed."})).await
            } else {
                who.submit(path, &[("decision", decision), ("export_note", "Agreed.")]).await
            }
        };
        let asked = does(&meera, &base, "").await;
        assert_eq!(asked.status, if api { 201 } else { 303 }, "{}", asked.text);
        let listed = meera.get(&format!("/api/v1/admin/reviews/{}/exports", review.id)).await.json();
        let id = listed["items"][0]["id"].as_str().expect("an id").to_owned();
        let decide = if api { format!("{base}/{id}/release") } else { format!("{base}/{id}/decide") };
        let own = does(&meera, &decide, "release").await;
        assert_eq!(own.status, 403, "{}", own.text);
        let released = does(&noor, &decide, "release").await;
        assert_eq!(released.status, if api { 200 } else { 303 }, "{}", released.text);
        let answer = downloaded(meera.request(Method::POST, &format!("{base}/{id}/archive")), api).await;
        assert_eq!((answer.status, answer.media_type.as_str()), (200, "application/x-tar"));
        assert_eq!(answer.disposition, format!("attachment; filename=\"review-{}.tar\"", review.id));
        assert_eq!(
            (answer.length, answer.encoding.as_str()),
            (Some(answer.bytes.len() as u64), ""),
            "its length is known, also to who asks for gzip"
        );
        assert!(answer.cache.contains("no-store"), "{}", answer.cache);
        assert!(verified(&answer.bytes, &Trust::default()).is_good());
        let foreign = downloaded(noor.request(Method::POST, &format!("{base}/{id}/archive")), api).await;
        assert_eq!(foreign.status, 403);
        let page = meera.get(&format!("/admin/reviews/{}", review.id)).await.text;
        assert!(page.contains("Taken once") && page.contains("Download"), "{page}");
    }
}
