# The story that `make demo` tells. To be sourced; KUBECONFIG, STATE and GIT_URL are set.

tell_story() {
    chapter "Give the operator a repository: one GitRepository, two Kustomizations"
    sed "s|\${REPOSITORY_URL}|$GIT_URL/shop.git|" examples/demo/gitops.yaml >"$STATE/gitops.yaml"
    show kubectl apply -f "$STATE/gitops.yaml"
    wait_until_synced
    show kubectl get gitrepositories,kustomizations -A
    show kubectl -n shop-production get deployments,services,configmaps -l app.kubernetes.io/part-of=shop

    chapter "A commit changes a workload"
    in_repository sed -i.bak 's|shop/web:1.0|shop/web:2.0|' base/web.yaml
    push "Roll out web 2.0"
    wait_until_synced
    show kubectl -n shop-production get deployment web -o wide

    chapter "Somebody edits an object by hand; it is put back"
    show kubectl -n shop-production set image deployment/web web=registry.example.com/shop/web:by-hand
    wait_until "the operator to put the image back" 60 web_image_is 2.0
    show kubectl -n shop-production get deployment web -o wide

    chapter "A file is removed from the repository, and its object from the cluster"
    in_repository rm base/worker.yaml
    in_repository sed -i.bak '/worker.yaml/d' base/kustomization.yaml
    push "Retire the worker"
    wait_until_synced
    show kubectl -n shop-production get deployments

    chapter "A broken commit is refused, and nothing is lost"
    in_repository sed -i.bak 's|\.\./base|../bsae|' production/kustomization.yaml
    push "Tidy up production"
    wait_until "the operator to refuse production" 60 refused production
    show kubectl -n flux-system get kustomizations
    show kubectl -n shop-production get deployments,services

    chapter "The fix is taken"
    in_repository sed -i.bak 's|\.\./bsae|../base|' production/kustomization.yaml
    push "Spell base right"
    wait_until_synced
    show kubectl -n flux-system get kustomizations
}

chapter() {
    chapter_number=$((${chapter_number:-0} + 1))
    printf '\n== %d. %s\n' "$chapter_number" "$1"
}

# Prints a command as one would type it, runs it, and prints its output.
show() {
    printf '\n$ %s\n' "${*//$STATE/.demo}"
    "$@" 2>&1
}

in_repository() {
    (cd "$STATE/work" && "$@")
}

# The user's own configuration of Git plays no part.
demo_git() {
    GIT_CONFIG_GLOBAL=/dev/null git -C "$STATE/work" -c user.name=Demo -c user.email=demo@example.com "$@"
}

make_repository() {
    GIT_CONFIG_GLOBAL=/dev/null git init --quiet --bare --initial-branch=main "$STATE/repositories/shop.git"
    cp -R examples/demo/repository "$STATE/work"
    printf '*.bak\n' >"$STATE/work/.gitignore"
    demo_git init --quiet --initial-branch=main
    demo_git remote add origin "$GIT_URL/shop.git"
    demo_git add --all
    demo_git commit --quiet --message "Open the shop"
    demo_git push --quiet --set-upstream origin main
}

# Commits what was changed, shows what that is, and pushes it over HTTP.
push() {
    demo_git add --all
    printf '\n$ git commit --message "%s" && git push\n' "$1"
    demo_git commit --quiet --message "$1"
    demo_git show --format='%h %s' --unified=0 --irreversible-delete |
        sed -e 's|^diff --git a/.* b/||' -e '/^\(index\|---\|+++\|$\)/d'
    demo_git push --quiet origin main
}

wait_until_synced() {
    local revision
    revision="main@sha1:$(demo_git rev-parse HEAD)"
    for name in staging production; do
        if ! wait_until "Kustomization $name to be ready at ${revision:0:17}" 90 synced "$name" "$revision"; then
            show kubectl get gitrepositories,kustomizations -A
            return 1
        fi
    done
}

synced() {
    [ "$(kubectl -n flux-system get kustomization "$1" -o jsonpath='{.status.conditions[?(@.type=="Ready")].status} {.status.lastAppliedRevision}')" = "True $2" ]
}

refused() {
    [ "$(kubectl -n flux-system get kustomization "$1" -o jsonpath='{.status.conditions[?(@.type=="Ready")].status}')" = False ]
}

web_image_is() {
    [ "$(kubectl -n shop-production get deployment web -o jsonpath='{.spec.template.spec.containers[0].image}')" = "registry.example.com/shop/web:$1" ]
}
