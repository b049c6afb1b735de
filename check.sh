#!/usr/bin/env bash
# The one command that passes or fails the project: what CI runs, and what a
# contributor runs before a commit. It needs Go and nothing else.
#
#   ./check.sh            everything
#   FUZZTIME=10m ./check.sh   the same, with each fuzz target run for ten minutes
#
# Tests over public sample evidence run where KULLA_DATA (or ../shared/data)
# has it, and print why they are skipped where it is absent.
set -euo pipefail
cd "$(dirname "$0")"

fuzztime=${FUZZTIME:-1s}

step() { printf '\n== %s\n' "$*"; }

formatting() {
	local unformatted
	unformatted=$(gofmt -l .)
	if [ -n "$unformatted" ]; then
		printf 'not formatted (run gofmt -w):\n%s\n' "$unformatted"
		return 1
	fi
}

# The vulnerability database is on the network. Where it cannot be reached the
# check says so and goes on: an air-gapped room must be able to build Kulla.
vulnerabilities() {
	local report
	if report=$(go tool -modfile=tools.mod govulncheck ./... 2>&1); then
		printf '%s\n' "$report"
	elif grep -q 'fetching vulnerabilities' <<<"$report"; then
		printf 'NOT CHECKED: the vulnerability database cannot be reached from here\n'
	else
		printf '%s\n' "$report"
		return 1
	fi
}

# The fuzzer of Go sometimes calls it a failure that its time ran out while an
# input was being tried. A real failure names the input that it wrote.
time_ran_out() {
	grep -q 'context deadline exceeded' "$scratch/fuzz" && ! grep -q 'Failing input' "$scratch/fuzz"
}

fuzzing() {
	local package target
	for package in $(go list ./...); do
		for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
			printf '%s %s\n' "$package" "$target"
			go test -run '^$' -fuzz "^$target\$" -fuzztime "$fuzztime" -fuzzminimizetime 5x "$package" >"$scratch/fuzz" 2>&1 ||
				time_ran_out || { cat "$scratch/fuzz"; return 1; }
		done
	done
}

# Some tests read the sample many times, flip every byte, or try all public
# rules, which takes minutes with race detection. They are left out there, and
# packages that have any run without it, too.
long_tests() {
	local packages
	packages=$(grep -rl --include='*_test.go' 'testing\.Short()' . | xargs -n 1 dirname | sort -u)
	# shellcheck disable=SC2086 # one word for each package
	go test -timeout 15m $packages
}

cross_compile() {
	local os arch
	for os in linux windows darwin; do
		for arch in amd64 arm64; do
			printf '%s/%s\n' "$os" "$arch"
			CGO_ENABLED=0 GOOS=$os GOARCH=$arch go build -o "$scratch/kulla" ./cmd/kulla
		done
	done
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

step formatting; formatting
step vet; go vet ./...
step staticcheck; go tool -modfile=tools.mod staticcheck ./...
step vulnerabilities; vulnerabilities
step 'tests with race detection'; go test -race -short -timeout 28m ./...
step 'tests that are long'; long_tests
step "fuzzing, $fuzztime a target"; fuzzing
step cross-compile; cross_compile
step 'all passed'
