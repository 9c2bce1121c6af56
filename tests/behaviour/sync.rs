//! A commit becomes cluster state.

use serde_json::json;

use crate::support::{behaviour, config_map, remove, write};

#[test]
fn a_commit_becomes_cluster_state() {
    behaviour("sync").run(async |space| {
        let app = space.app(&[write("a.yaml", config_map("a", "one"))], json!({})).await;
        space.shows("ConfigMap", "a", "/data/key", "one").await;
        let revision = app.commit("two", &[write("a.yaml", config_map("a", "two"))]);
        space.synced("app", &revision).await;
        space.shows("ConfigMap", "a", "/data/key", "two").await;
        let revision =
            app.commit("b for a", &[write("b.yaml", config_map("b", "b")), remove("a.yaml")]);
        space.synced("app", &revision).await;
        space.gone("ConfigMap", "a").await;
    });
}
