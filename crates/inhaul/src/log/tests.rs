use super::*;

fn fields(pairs: &[(&str, Value)]) -> Fields {
    let mut fields = Fields::default();
    for (key, value) in pairs {
        fields.set(key, value.clone());
    }
    fields
}

fn written(encoding: Encoding, pairs: &[(&str, Value)]) -> String {
    let now = "2026-11-21T04:05:06.7891Z".parse().expect("a time");
    line(encoding, Level::INFO, "inhaul_controller::kustomization", fields(pairs), now)
}

#[test]
fn a_line_has_fluxs_keys() {
    let line = written(
        Encoding::Json,
        &[
            ("controller", json!("kustomization")),
            ("controllerGroup", json!("kustomize.toolkit.fluxcd.io")),
            ("controllerKind", json!("Kustomization")),
            ("namespace", json!("apps")),
            ("name", json!("web")),
            ("reconcileID", json!("00ff")),
            ("message", json!("done")),
            ("count", json!(3)),
            ("error", json!("no")),
        ],
    );
    let expected = concat!(
        r#"{"level":"info","ts":"2026-11-21T04:05:06.789Z","logger":"inhaul_controller.kustomization","#,
        r#""msg":"done","controller":"kustomization","controllerGroup":"kustomize.toolkit.fluxcd.io","#,
        r#""controllerKind":"Kustomization","namespace":"apps","name":"web","reconcileID":"00ff","#,
        r#""count":3,"error":"no","Kustomization":{"name":"web","namespace":"apps"}}"#,
        "\n"
    );
    assert_eq!(line, expected);
}

#[test]
fn a_hostile_text_stays_inside_its_line() {
    let hostile = json!("a\n{\"level\":\"info\"}\u{1b}[2J\u{7f}\u{9b}\u{202e}é");
    let line = written(Encoding::Json, &[("message", hostile.clone()), ("level", json!("x"))]);
    assert_eq!(line.matches('\n').count(), 1, "{line}");
    let clean = |c: char| c.is_ascii() && !c.is_ascii_control() || c == 'é';
    assert!(line.trim_end().chars().all(clean), "{line}");
    let read: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!((&read["msg"], &read["level"]), (&hostile, &json!("info")));
    assert_eq!(read["field_level"], "x");

    let line = written(Encoding::Console, &[("message", hostile), ("name", json!("web"))]);
    assert_eq!(
        line,
        "2026-11-21T04:05:06.789Z\tINFO\tinhaul_controller.kustomization\t\
         a\\n{\"level\":\"info\"}\\u001b[2J\\u007f\\u009b\\u202eé\tname=web\n"
    );
}

#[test]
fn libraries_are_quieter_than_we_are() {
    let shown = |level: &str, target: &str, at: &Level| targets(level).would_enable(target, at);
    assert!(shown("info", "inhaul_cluster::lease", &Level::INFO));
    assert!(!shown("info", "inhaul_cluster::lease", &Level::DEBUG));
    assert!(shown("debug", "inhaul", &Level::DEBUG));
    assert!(!shown("debug", "hyper", &Level::INFO));
    assert!(!shown("error", "inhaul", &Level::WARN));
}

#[test]
fn spans_give_their_fields_to_the_events_inside() {
    use std::sync::{Arc, Mutex};
    struct Collect(Arc<Mutex<Vec<Fields>>>);
    impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Collect {
        fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
            let scope = context.event_scope(event).into_iter().flat_map(|scope| scope.from_root());
            let mut fields = Fields::default();
            for span in scope {
                fields.extend(span.extensions().get::<Fields>().expect("recorded by Lines"));
            }
            self.0.lock().expect("no panic").push(fields);
        }
    }
    let seen = Arc::default();
    let subscriber =
        tracing_subscriber::registry().with(Lines(Encoding::Json)).with(Collect(Arc::clone(&seen)));
    tracing::subscriber::with_default(subscriber, || {
        let outer = tracing::info_span!("outer", name = "web", revision = tracing::field::Empty);
        let _in_outer = outer.enter();
        outer.record("revision", "main@sha1:1");
        let _in_inner = tracing::info_span!("inner", name = "api").entered();
        tracing::info!("done");
    });
    let expected = fields(&[("name", json!("api")), ("revision", json!("main@sha1:1"))]);
    assert_eq!(*seen.lock().expect("no panic"), [expected]);
}
