//! K08: the API server is away for a while, and everybody comes back.

use std::time::Duration;

use serde_json::json;

use crate::support::{Fault, behaviour, config_map, eventually, write};

/// As many requests as an operator has under way at a time, and the renewals of its two leases.
const PEAK: u64 = 22;

fn an_outage(name: &str, apps: usize, outage: Duration) {
    behaviour(name).flags(&["--enable-leader-election=false"]).behind_faults().run(async |space| {
        let value = |text: &str| -> Vec<_> {
            let file = |app: usize| {
                let name = format!("a-{app}");
                write(format!("{name}/{name}.yaml"), config_map(&name, text))
            };
            (0..apps).map(file).collect()
        };
        let repository = space.repository("app", &value("one"));
        space.git_repository("app", &repository, json!({})).await;
        for app in 0..apps {
            let source = json!({"kind": "GitRepository", "name": "app"});
            let spec = json!({"path": format!("./a-{app}"), "interval": "5s", "sourceRef": source});
            space.kustomization(&format!("a-{app}"), spec).await;
        }
        for app in 0..apps {
            space.synced(&format!("a-{app}"), &repository.revision()).await;
        }
        let away = Fault::on(&[], "").drop_before();
        space.faults().set(&[away]).await;
        let revision = repository.commit("two", &value("two"));
        tokio::time::sleep(outage).await;
        space.faults().forget().await;
        space.faults().set(&[]).await;
        for app in 0..apps {
            space.synced(&format!("a-{app}"), &revision).await;
        }
        let peak = space.faults().peak().await;
        assert!(peak <= PEAK, "{peak} requests were under way at a time");
        space.nothing_deleted();
    });
}

#[test]
fn k08_after_an_outage_all_come_back_and_not_all_at_once() {
    an_outage("k08", 25, Duration::from_secs(10));
}

#[test]
#[ignore = "soak: the API server is away for five minutes"]
fn k08_after_five_minutes_two_hundred_apps_come_back() {
    an_outage("k08-long", 200, Duration::from_secs(300));
}

#[test]
#[ignore = "soak: a connection is silent for two and a half minutes before it is given up"]
fn f06_a_watch_whose_peer_is_gone_without_a_word_is_begun_anew() {
    behaviour("f06").behind_faults().run(async |space| {
        space.app(&[write("a.yaml", config_map("a", "one"))], json!({"interval": "1h"})).await;
        space.own_operator().kill();
        let silent = Fault::on(&["GET"], "watch=(true|1)").stall().times(3);
        space.faults().set(&[silent]).await;
        space.own_operator().start_again().await;
        tokio::time::sleep(Duration::from_secs(170)).await;
        space.edit("ConfigMap", "a", json!({"data": {"key": "by hand"}})).await;
        eventually("the watch works again", async || {
            let object = space.find("ConfigMap", "a").await;
            let value = object["data"]["key"].clone();
            if value == "one" { Ok(()) } else { Err(value.to_string()) }
        })
        .await;
    });
}
