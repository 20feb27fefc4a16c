#!/usr/bin/env bash
# Installs the judges: the published programs and schemas that the tests hand our output to.
#
#   install.sh [NAME...]    default: all of them
#
# They go into a cache that all clones of this project use together:
# ${LLMOBS_JUDGES:-${XDG_CACHE_HOME:-$HOME/.cache}/llmobs/judges}, programs in bin/, schemas in
# schemas/. Versions are pinned below. A stamp per judge lets a later run skip what is there; such
# a run needs no network. Exit status: 0 all there, 1 some failed, 2 wrong use.
# Needs go (1.26 or newer) and python3 with venv.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${LLMOBS_JUDGES:-${XDG_CACHE_HOME:-$HOME/.cache}/llmobs/judges}

# name | package | module version | build tags | version the program shall report
# The tags leave out every service discovery but that of Kubernetes, and with it the clouds' SDKs.
programs='
promtool   github.com/prometheus/prometheus/cmd/promtool   v0.315.0 remove_all_sd,enable_kubernetes_sd 3.15.0
prometheus github.com/prometheus/prometheus/cmd/prometheus v0.315.0 remove_all_sd,enable_kubernetes_sd 3.15.0
kustomize  sigs.k8s.io/kustomize/kustomize/v5              v5.8.1   - -
cue        cuelang.org/go/cmd/cue                          v0.17.1  - -
sloth      github.com/slok/sloth/cmd/sloth                 v0.16.0  - -
pint       github.com/cloudflare/pint/cmd/pint             v0.87.0  - -
'

# folder under schemas/ | module@version | path in it
schemas='
crd/opentelemetry-operator github.com/open-telemetry/opentelemetry-operator@v0.148.0 config/crd/bases
crd/grafana-operator       github.com/grafana/grafana-operator/v5@v5.18.0             config/crd/bases
crd/victoria-operator      github.com/VictoriaMetrics/operator@v0.74.1                config/crd/overlay/crd.yaml
grafana/v1beta1            github.com/grafana/grafana/apps/dashboard@v0.0.0-20260118065639-60cb766a97d6 pkg/apis/dashboard/v1beta1/dashboard_kind.cue
grafana/v2beta1            github.com/grafana/grafana/apps/dashboard@v0.0.0-20260118065639-60cb766a97d6 pkg/apis/dashboard/v2beta1/dashboard_spec.cue
'

collector_builder=go.opentelemetry.io/collector/cmd/builder@v0.158.0 # components: otelcol/builder.yaml
kubernetes_validate=1.37.0

all='promtool prometheus kustomize cue sloth pint crdcheck dashcheck promqlcheck replay schemas kubernetes-validate otelcol'

# row NAME: its line of `programs`, single-spaced; nothing if there is none
row() { awk -v n="$1" '$1 == n { $1 = $1; print }' <<< "$programs"; }

stamp() {
  case $1 in
    otelcol) (echo "$collector_builder" && cat "$here/otelcol/builder.yaml") | cksum ;;
    crdcheck | dashcheck | promqlcheck | replay) cat "$here/$1"/*.go "$here/$1"/go.* | cksum ;;
    kubernetes-validate) echo "$kubernetes_validate" ;;
    schemas) cksum <<< "$schemas" ;;
    *) row "$1" ;;
  esac
}

# present NAME STAMP: installed already, with this very stamp
present() {
  local have=()
  [ -e "$bin/$1" ] && read -ra have 2> /dev/null < "$bin/.stamps/$1" && [ "${have[*]}" = "$2" ] || return 1
  [ "$1" != kubernetes-validate ] || [ -x "$cache/venv/bin/python" ] # a link to a Python that may have gone
}

# The install_* functions run in a subshell within a scratch folder of their own, with `set -e`.

put() { # put FILE NAME: into bin/ in one step, so that a running test never meets half a program
  mv -f "$1" "$bin/$2.new"
  mv -f "$bin/$2.new" "$bin/$2"
}

build() { # build NAME PACKAGE TAGS LDFLAGS, in the current module
  go build -trimpath -tags "$3" -ldflags "-s -w $4" -o "$bin/$1.new" "$2"
  mv -f "$bin/$1.new" "$bin/$1"
}

install_program() { # NAME PACKAGE VERSION TAGS REPORTED
  local tags='' ldflags=''
  [ "$4" = - ] || tags=$4
  [ "$5" = - ] || ldflags="-X github.com/prometheus/common/version.Version=$5"
  printf 'module judges\n\ngo 1.26\n' > go.mod
  go get -tool "$2@$3"
  build "$1" "$2" "$tags" "$ldflags"
}

install_own() { # a Go program of this folder
  cd "$here/$1"
  build "$1" . '' ''
}

# Prometheus's parser, and the queries of Prometheus's own tests from the same module
install_promqlcheck() {
  install_own promqlcheck
  local from
  from=$(go list -m -f '{{.Dir}}' github.com/prometheus/prometheus)
  "$bin/promqlcheck" extract "$from" > "$cache/promql.jsonl.new"
  mv -f "$cache/promql.jsonl.new" "$cache/promql.jsonl"
}

install_otelcol() {
  GOBIN=$PWD go install "$collector_builder"
  ./builder --config "$here/otelcol/builder.yaml"
  put dist/otelcol otelcol
}

install_kubernetes_validate() {
  python3 -m venv --clear "$cache/venv"
  "$cache/venv/bin/pip" install --disable-pip-version-check "kubernetes-validate==$kubernetes_validate"
  ln -sf ../venv/bin/kubernetes-validate "$bin/kubernetes-validate"
}

install_schemas() {
  local to module path from new=$cache/schemas.new
  rm -rf "$new"
  while read -r to module path; do
    [ -n "$to" ] || continue
    from=$(go mod download -json "$module" | sed -n 's/.*"Dir": "\(.*\)",/\1/p')
    mkdir -p "$new/$to"
    cp -R "$from/$path" "$new/$to/"
  done <<< "$schemas"
  chmod -R u+w "$new"
  rm -rf "$cache/schemas"
  mv "$new" "$cache/schemas"
  touch "$bin/schemas" # stands for the folder where `present` looks
}

install() {
  case $1 in
    otelcol) install_otelcol ;;
    crdcheck | dashcheck | replay) install_own "$1" ;;
    kubernetes-validate) install_kubernetes_validate ;;
    promqlcheck) install_promqlcheck ;;
    schemas) install_schemas ;;
    # shellcheck disable=SC2046
    *) install_program $(row "$1") ;;
  esac
}

names=("$@")
[ $# -gt 0 ] || read -ra names <<< "$all"
for name in "${names[@]}"; do
  case " $all " in
    *" $name "*) ;;
    *)
      echo "install.sh: unknown judge: $name; there are: $all" >&2
      exit 2
      ;;
  esac
done

mkdir -p "$cache/bin/.stamps"
cache=$(cd "$cache" && pwd)
bin=$cache/bin
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if command -v flock > /dev/null; then # two clones may install at the same time
  exec 9> "$cache/.lock"
  flock -n 9 || { echo "another run installs into $cache; waiting for it" && flock 9; }
fi
export CGO_ENABLED=0 GOWORK=off GOFLAGS=-buildvcs=false
export GOGC=${GOGC:-400} # the compiler collects garbage less often: a sixth less time for more memory

failed=()
for name in "${names[@]}"; do
  want=$(stamp "$name")
  printf '%(%H:%M:%S)T %-19s ' -1 "$name"
  if present "$name" "$want"; then
    echo 'there already'
    continue
  fi
  start=$SECONDS
  rm -f "$bin/.stamps/$name"
  for _ in 1 2; do # a download may fail once
    rm -rf "$work/$name"
    mkdir "$work/$name"
    set +e # inside a condition the subshell could not stop at its first error
    (
      set -e
      cd "$work/$name"
      install "$name"
    ) > "$work/log" 2>&1 9>&-
    status=$?
    set -e
    [ $status != 0 ] || break
  done
  if [ $status = 0 ]; then
    printf '%s\n' "$want" > "$bin/.stamps/$name"
    echo "installed in $((SECONDS - start)) s"
  else
    echo "FAILED after $((SECONDS - start)) s"
    grep -v '^go: downloading' "$work/log" | tail -n 20 | sed 's/^/    /' || true
    failed+=("$name")
  fi
done
if [ ${#failed[@]} -gt 0 ]; then
  printf '%(%H:%M:%S)T failed: %s\n' -1 "${failed[*]}"
  exit 1
fi
