use super::*;

fn run(arguments: &[&str]) -> (ControllerFlags, Vec<String>) {
    let arguments = arguments.iter().map(|argument| (*argument).to_owned());
    match parse(arguments, &Environment::with(&[])) {
        Ok(Parsed::Run(flags, warnings)) => (*flags, warnings),
        other => panic!("{other:?}"),
    }
}

fn refused(arguments: &[&str]) -> String {
    let arguments = arguments.iter().map(|argument| (*argument).to_owned());
    match parse(arguments, &Environment::with(&[])) {
        Err(error) => error.to_string(),
        Ok(parsed) => panic!("{parsed:?}"),
    }
}

#[test]
fn without_flags_the_defaults_are_fluxs() {
    let (flags, warnings) = run(&[]);
    assert_eq!(warnings, Vec::<String>::new());
    let expected = ControllerFlags {
        controllers: [Role::Source, Role::Kustomize, Role::Notification].into(),
        metrics_addr: Listen::parse(":8080").unwrap(),
        health_addr: Listen::parse(":9440").unwrap(),
        storage_addr: Listen::parse(":9090").unwrap(),
        receiver_addr: Listen::parse(":9292").unwrap(),
        storage_adv_addr: String::new(),
        storage_path: "/data".to_owned(),
        events_addr: None,
        concurrent: 20,
        concurrent_ssa: 20,
        requeue_dependency: Duration::from_secs(30),
        audit_interval: Duration::from_secs(3600),
        render_cache_size: 64 << 20,
        no_remote_bases: true,
        http_retry: 9,
        default_service_account: None,
        override_managers: Vec::new(),
        custom_apply_stage_kinds: Vec::new(),
        log_level: "info".to_owned(),
        log_encoding: "json".to_owned(),
        enable_leader_election: false,
        leader_election_release_on_cancel: true,
        leader_election_lease_duration: Duration::from_secs(35),
        leader_election_renew_deadline: Duration::from_secs(30),
        leader_election_retry_period: Duration::from_secs(5),
        multi_tenant: false,
        no_cross_namespace_refs: false,
        min_retry_delay: Duration::from_millis(750),
        max_retry_delay: Duration::from_secs(900),
        watch_all_namespaces: true,
        watch_label_selector: String::new(),
        interval_jitter_percentage: 5,
        artifact_retention_ttl: Duration::from_secs(60),
        artifact_retention_records: 2,
        artifact_digest_algo: "sha256".to_owned(),
        feature_gates: BTreeMap::new(),
        prune_guard: true,
        enable_helm_charts: false,
        git_max_pack_size: 2 << 30,
        git_max_object_size: 128 << 20,
        git_max_database_size: 1 << 30,
        ssh_kex_algos: Vec::new(),
        ssh_hostkey_algos: Vec::new(),
        denied_egress: Vec::new(),
    };
    assert_eq!(flags, expected);
}

#[test]
fn the_arguments_of_fluxs_own_manifests_are_taken_without_a_warning() {
    let (flags, warnings) = run(&[
        "--events-addr=http://notification-controller.flux-system.svc.cluster.local./",
        "--watch-all-namespaces=true",
        "--log-level=info",
        "--log-encoding=json",
        "--enable-leader-election",
        "--storage-path=/data",
        "--storage-adv-addr=source-controller.flux-system.svc.cluster.local.",
        "--feature-gates=CancelHealthCheckOnNewRevision=true",
    ]);
    assert_eq!(warnings, Vec::<String>::new());
    assert!(flags.enable_leader_election && flags.watch_all_namespaces);
    let host = flags.events_addr.as_ref().and_then(|address| address.host());
    assert_eq!(host, Some("notification-controller.flux-system.svc.cluster.local."));
}

#[test]
fn one_dash_or_two_and_a_value_after_an_equals_sign_or_a_space() {
    for arguments in [
        ["--concurrent=7", "--enable-leader-election"].as_slice(),
        &["--concurrent", "7", "--enable-leader-election=true"],
        &["-concurrent=7", "-enable-leader-election"],
        &["-concurrent", "7", "-enable-leader-election=T"],
        &["--enable-leader-election", "--concurrent", "7"],
    ] {
        let (flags, warnings) = run(arguments);
        assert_eq!((flags.concurrent, flags.enable_leader_election), (7, true), "{arguments:?}");
        assert_eq!(warnings, Vec::<String>::new(), "{arguments:?}");
    }
    // A switch does not take the next argument, as in Go.
    let (flags, warnings) = run(&["--enable-leader-election", "false"]);
    assert!(flags.enable_leader_election);
    assert_eq!(warnings, [r#"argument "false" is not a flag and is ignored"#]);
    // A value may begin with a dash where the flag is known to need one.
    assert_eq!(run(&["--watch-label-selector", "-x"]).0.watch_label_selector, "-x");
}

#[test]
fn what_is_not_known_or_not_honoured_is_named_and_does_no_harm() {
    let (flags, warnings) = run(&[
        "--no-such-flag=1",
        "--another",
        "value",
        "--third",
        "--kube-api-qps=50",
        "--insecure-kubeconfig-exec",
        "--sops-age-secret",
        "flux-system/age",
        "--no-remote-bases=false",
        "--artifact-digest-algo=sha512",
        "--feature-gates=CancelHealthCheckOnNewRevision=false,Nonsense=true,OOMWatch=true",
        "--concurrent=9",
    ]);
    let expected = [
        "flag --no-such-flag is unknown and is ignored",
        "flag --another is unknown and is ignored",
        "flag --third is unknown and is ignored",
        "flag --kube-api-qps is not honoured: the API server's own flow control sets the pace",
        "flag --insecure-kubeconfig-exec is not honoured: inhaul applies to its own cluster only, for now",
        "flag --sops-age-secret is not honoured: inhaul does not decrypt yet",
        "feature gate CancelHealthCheckOnNewRevision=false is not honoured: it is always on",
        "feature gate Nonsense is unknown and is ignored",
        "flag --no-remote-bases=false is not honoured: remote bases are always refused",
        "flag --artifact-digest-algo=sha512 is not honoured: digests are always sha256",
    ];
    assert_eq!(warnings, expected);
    assert_eq!(flags.concurrent, 9);
}

#[test]
fn a_value_that_cannot_be_understood_is_named_with_its_flag() {
    let cases = [
        ("concurrent", "many", "must be a whole number, not below 0"),
        ("concurrent", "-1", "must be a whole number, not below 0"),
        ("log-level", "loud", "must be one of trace, debug, info, error"),
        ("enable-leader-election", "maybe", "must be true or false"),
        ("requeue-dependency", "5", "must be a duration such as 30s, 750ms or 1h30m"),
        (
            "metrics-addr",
            "8080",
            "must be a port such as :8080, or an address such as 127.0.0.1:8080",
        ),
        ("events-addr", "host:80", "must start with http:// or https://"),
        (
            "controllers",
            "helm",
            "there is no role \"helm\"; there are source, kustomize and notification",
        ),
        ("controllers", "", "at least one role is needed: source, kustomize and notification"),
        ("interval-jitter-percentage", "101", "must be from 0 to 100"),
        ("feature-gates", "A", "\"A\": write NAME=true"),
        ("prune-guard", "sometimes", "must be on or off"),
        ("git-max-pack-size", "0", "must be a number of bytes, such as 1048576, 512Mi or 2Gi"),
        ("ssh-kex-algos", "none", "key exchange algorithm \"none\" is not known"),
        ("ssh-hostkey-algos", "ssh-dss", "host key algorithm \"ssh-dss\" is not known"),
        ("denied-egress", "10.0.0.0", "\"10.0.0.0\" is not a network such as 10.96.0.0/12"),
        ("custom-apply-stage-kinds", "a/b/c", "\"a/b/c\" is no kind; write <group>/<Kind>"),
    ];
    for (flag, value, why) in cases {
        let message = format!("flag --{flag}={value:?}: {why}");
        assert_eq!(refused(&[&format!("--{flag}={value}")]), message);
    }
    assert_eq!(refused(&["--concurrent"]), "flag --concurrent: needs a value");
    let error = refused(&["--concurrent", "-1"]);
    assert!(error.starts_with("flag --concurrent=\"-1\": "), "{error}");
}

#[test]
fn durations_are_gos() {
    let read = |text: &str| run(&["--min-retry-delay", text]).0.min_retry_delay;
    for (text, milliseconds) in [
        ("0", 0),
        ("0s", 0),
        ("750ms", 750),
        ("1h30m", 5_400_000),
        ("1.5s", 1500),
        (".5s", 500),
        ("1500000us", 1500),
        ("2000000ns", 2),
    ] {
        assert_eq!(read(text), Duration::from_millis(milliseconds), "{text}");
    }
    for text in ["", "s", "-5s", "1d", "1", "1.2.3s", "5 s", "999999999999999999999h"] {
        let message = refused(&[&format!("--min-retry-delay={text}")]);
        assert!(message.ends_with("must be a duration such as 30s, 750ms or 1h30m"), "{message}");
    }
}

#[test]
fn lists_grow_and_the_first_value_replaces_the_default() {
    let (flags, _) = run(&[
        "--override-manager=a,b",
        "--override-manager=c",
        "--controllers=source-controller",
        "--custom-apply-stage-kinds=rbac.authorization.k8s.io/Role,ConfigMap",
        "--feature-gates=A=true,B=false",
        "--feature-gates=C=true",
    ]);
    assert_eq!(flags.override_managers, ["a,b", "c"]);
    assert_eq!(flags.controllers, [Role::Source].into());
    let kinds = [("rbac.authorization.k8s.io", "Role"), ("", "ConfigMap")];
    let kinds = kinds.map(|(group, kind)| (group.to_owned(), kind.to_owned()));
    assert_eq!(flags.custom_apply_stage_kinds, kinds);
    assert_eq!(flags.feature_gates.len(), 3);
}

#[test]
fn the_environment_gives_defaults_as_in_flux() {
    let environment = Environment::with(&[("METRICS_ADDR", ":1"), ("STORAGE_PATH", "/s")]);
    let arguments = ["--storage-path=/t".to_owned()];
    let Ok(Parsed::Run(flags, _)) = parse(arguments, &environment) else { panic!("it runs") };
    assert_eq!(flags.metrics_addr.as_ref().map(Listen::port), Some(1));
    assert_eq!(flags.storage_path, "/t");
    let bad = Environment::with(&[("METRICS_ADDR", "nonsense")]);
    assert!(parse([], &bad).is_err_and(|error| error.to_string().contains("nonsense")));
}

#[test]
fn leases_have_fluxs_names() {
    let names = [
        "kustomize-controller-leader-election",
        "notification-controller-leader-election",
        "source-controller-leader-election",
    ];
    let mut leases = run(&[]).0.leases();
    leases.sort_unstable();
    assert_eq!(leases, names);
    // The hash is the one in Flux's own test of its function.
    let (flags, _) = run(&["--controllers=source", "--watch-label-selector=bar"]);
    assert_eq!(flags.leases(), ["source-controller-leader-election-fcde2b2e"]);
}

#[test]
fn artifacts_are_advertised_where_they_are_served() {
    let environment = Environment::with(&[]);
    let advertised = |arguments: &[&str]| run(arguments).0.advertised(&environment);
    assert_eq!(advertised(&[]), "localhost:9090");
    assert_eq!(advertised(&["--storage-addr=127.0.0.1:81"]), "127.0.0.1:81");
    assert_eq!(advertised(&["--storage-addr=0.0.0.0:81"]), "pod-1:81");
    assert_eq!(advertised(&["--storage-addr=[::1]:81"]), "[::1]:81");
    assert_eq!(advertised(&["--storage-adv-addr=source.ns.svc."]), "source.ns.svc.");
}

#[test]
fn an_address_of_nothing_means_do_not_listen() {
    for text in ["", "0"] {
        assert_eq!(run(&[&format!("--metrics-addr={text}")]).0.metrics_addr, None);
    }
    for text in ["[::1]:80", "127.0.0.1:80", ":80"] {
        let flags = run(&[&format!("--metrics-addr={text}")]).0;
        assert_eq!(flags.metrics_addr.map(|address| address.to_string()).as_deref(), Some(text));
    }
}

#[test]
fn help_names_every_flag_once() {
    let text = help();
    for flag in FLAGS {
        let name = format!("  --{} ", flag.name);
        assert_eq!(text.matches(&name).count(), 1, "--{}", flag.name);
        assert!(!flag.help.is_empty() || matches!(flag.set, Set::NotHonoured { .. }));
    }
    assert_eq!(parse(["--help".to_owned()], &Environment::with(&[])), Ok(Parsed::Help));
    let mut names: Vec<_> = FLAGS.iter().map(|flag| flag.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), FLAGS.len());
}

#[test]
fn many_tenants_are_locked_in_by_one_switch() {
    let (flags, warnings) = run(&["--multi-tenant"]);
    assert!(flags.no_cross_namespace_refs && flags.no_remote_bases);
    assert_eq!(flags.default_service_account.as_deref(), Some("default"));
    assert!(warnings.is_empty(), "{warnings:?}");
    let (flags, warnings) = run(&[
        "--default-service-account=deployer",
        "--no-cross-namespace-refs=false",
        "--multi-tenant",
    ]);
    assert!(flags.no_cross_namespace_refs);
    assert_eq!(flags.default_service_account.as_deref(), Some("deployer"));
    assert!(warnings[0].contains("--no-cross-namespace-refs=false"), "{warnings:?}");
}
