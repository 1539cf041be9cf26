//! Who tells whom: an instance speaks of changes when another one is there, and only then.

use crate::support::Office;
use cms_messages::server::{db::hint, live};
use sqlx::postgres::PgListener;
use std::time::Duration;

/// Nothing here takes as long; what does not happen fails instead of hanging.
const LONG: Duration = Duration::from_secs(40);

#[tokio::test]
async fn who_is_alone_tells_nobody_of_changes_and_whoever_comes_is_told() {
    let office = Office::new().await;
    let (asha, bikram) = (office.person("asha").await, office.person("bikram").await);
    let id = asha.open(&bikram).await;
    // listens, and says nothing: nobody knows of it
    let mut listener = PgListener::connect_with(&office.state.pool).await.expect("a listener");
    listener.listen(hint::CHANNEL).await.expect("listening");
    let mut hear = async || {
        let heard = tokio::time::timeout(LONG, listener.recv()).await.expect("something is said");
        heard.expect("a hint").payload().to_owned()
    };

    live::join(&office.state);
    let beat = hear().await;
    asha.write(id, "to nobody else").await;
    // one may have been on its way; with the second one some seconds have passed
    for _ in 0..2 {
        assert_eq!(hear().await, beat, "it only says that it is there");
    }

    let elsewhere = office.another_instance();
    live::join(&elsewhere);
    for state in [&office.state, &elsewhere] {
        let bikrams = bikram.id().0.simple().to_string();
        let told = async {
            loop {
                asha.at(state).write(id, "to everybody").await;
                if hear().await.contains(&bikrams) {
                    return;
                }
            }
        };
        tokio::time::timeout(LONG, told).await.expect("each tells the other");
    }
    office.state.shutdown.cancel();
    elsewhere.shutdown.cancel();
}
