#!/bin/sh
# Installs from Debian 12 what is missing; says what it does; silent when
# nothing is missing.
#   deploy/install-deps.sh        what building and running needs
#   deploy/install-deps.sh pages  npm, which the console's charts come with
#   deploy/install-deps.sh test   and what the tests need
#   deploy/install-deps.sh deb    what `make deb` needs
#   deploy/install-deps.sh bench  and what the benches compare with
set -eu

run="gcc libc6-dev make protobuf-c-compiler libprotobuf-c-dev libzmq3-dev
libuv1-dev librocksdb-dev libnghttp2-dev node-llhttp libjansson-dev libzstd-dev
zlib1g-dev libssl-dev libpq-dev libcurl4-openssl-dev postgresql-15
pkgconf libpango1.0-dev libcairo2-dev fonts-wqy-zenhei"
test="clang libclang-rt-14-dev clang-format clang-tidy cppcheck shellcheck
libcmocka-dev poppler-utils python3 python3-pytest python3-pytest-xdist python3-jsonschema python3-cryptography
python3-zmq curl
openssl zstd iproute2 dpkg-dev systemd logrotate chromium chromium-driver python3-selenium libnss3-tools
fonts-noto-cjk"
deb="dpkg-dev binutils"
bench="nats-server nginx-light"
# Where npm came with another Node.js, Debian's is not wanted.
command -v npm >/dev/null || bench="$bench npm"

case ${1:-run} in
run) wanted=$run ;;
pages) wanted=npm ;;
test) wanted="$run $test" ;;
deb) wanted="$run $deb" ;;
bench) wanted="$run $test $bench" ;;
*) echo "usage: $0 [run|pages|deb|test|bench]" >&2; exit 2 ;;
esac

missing=
for package in $wanted; do
	dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null |
		grep -qx installed || missing="$missing $package"
done
[ -z "$missing" ] && exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || {
		echo "These packages are missing and only root can install them:$missing" >&2
		exit 1
	}
	as_root=sudo
fi

echo "Installing from Debian:$missing"
# The hub makes its own cluster: Debian's package need not start one.
if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
	$as_root mkdir -p /etc/postgresql-common
	echo "create_main_cluster = false" |
		$as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086 # a list of words is meant
{
	$as_root apt-get update -qq &&
		$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
			--no-install-recommends -o Dpkg::Options::=--force-confold \
			-o Dpkg::Use-Pty=0 $missing
} >"$log" 2>&1 || {
	cat "$log" >&2
	exit 1
}
